// SPDX-License-Identifier: Apache-2.0
// uPlot and its sheet, together in a file of their own.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export default uPlot;

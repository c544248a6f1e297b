// SPDX-License-Identifier: Apache-2.0
import { mount } from 'svelte';
import App from './app/App.svelte';
import './app/page.css';

const target = document.getElementById('page');
if (!target) throw new Error('the page has no place to stand');
mount(App, { target });

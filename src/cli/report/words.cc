// SPDX-License-Identifier: Apache-2.0
#include "cli/report/words.h"

#include <array>

namespace netprobe::report {
namespace {

constexpr Words kEnglishWords{.lang = "en",
                              .title = "Network report",
                              .node = "node",
                              .range = "from {} to {}, UTC",
                              .query = "query",
                              .table = "as a table",
                              .tier = "from",
                              .rows = "rows",
                              .warning = "note",
                              .no_answer = "This part has no answer",
                              .unknown = "(unknown)",
                              .made_by = "made by NetProbe"};
constexpr Words kChineseWords{.lang = "zh-CN",
                              .title = "网络报告",
                              .node = "节点",
                              .range = "从 {} 到 {}（UTC）",
                              .query = "查询",
                              .table = "以表格显示",
                              .tier = "来源",
                              .rows = "行",
                              .warning = "注意",
                              .no_answer = "这一部分没有结果",
                              .unknown = "（未知）",
                              .made_by = "由 NetProbe 生成"};

constexpr std::array<PartWords, kParts> kEnglishParts{
    PartWords{"Traffic over time", "Bytes per second of all flows, both ways.",
              "No traffic was seen."},
    PartWords{"Workloads that talk most", "Pairs of workloads by bytes, both ways.",
              "No flow has a workload's name: without Kubernetes there are none."},
    PartWords{"Addresses that talk most", "Pairs of addresses by bytes, both ways.",
              "No traffic was seen."},
    PartWords{"What is used most", "Protocols and destination ports by bytes, both ways.",
              "No traffic was seen."},
    PartWords{"Namespaces", "Bytes between namespaces: the row began it.",
              "No flow has a namespace's name."},
    PartWords{"Dropped packets", "Packets that the kernel dropped, by its reason.",
              "No drops were seen."},
    PartWords{"Round-trip times", "Records of TCP flows by their smoothed RTT: up to so much.",
              "No RTT is known."},
    PartWords{"Retransmits", "Segments that the initiating side sent again.",
              "Nothing was sent again."},
    PartWords{"How connections ended", "Connections of this node's sockets by their verdict.",
              "No connection ended."},
};
constexpr std::array<PartWords, kParts> kChineseParts{
    PartWords{"流量变化", "所有流每秒的字节数（双向）。", "没有看到流量。"},
    PartWords{"流量最大的工作负载", "按字节数（双向）排列的工作负载对。",
              "没有流带有工作负载名称：没有 Kubernetes 时没有名称。"},
    PartWords{"流量最大的地址", "按字节数（双向）排列的地址对。", "没有看到流量。"},
    PartWords{"使用最多的端口", "按字节数（双向）排列的协议和目的端口。", "没有看到流量。"},
    PartWords{"命名空间", "命名空间之间的字节数：行是发起方。", "没有流带有命名空间名称。"},
    PartWords{"被丢弃的数据包", "内核丢弃的数据包，按内核给出的原因。", "没有看到丢包。"},
    PartWords{"往返时间", "TCP 流的记录，按平滑 RTT 分布：不超过该值。", "没有已知的 RTT。"},
    PartWords{"重传", "发起方重传的报文段。", "没有重传。"},
    PartWords{"连接如何结束", "本节点套接字的连接，按结论。", "没有连接结束。"},
};

}  // namespace

const PartWords& words_of(Part part, Language language) {
  const auto at = static_cast<std::size_t>(part);
  return language == Language::kChinese ? kChineseParts[at] : kEnglishParts[at];
}

const Words& words_of(Language language) {
  return language == Language::kChinese ? kChineseWords : kEnglishWords;
}

}  // namespace netprobe::report

// SPDX-License-Identifier: Apache-2.0
#include "kube/client/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "kube/client/testing/certificates.h"

namespace netprobe::kube {
namespace {

using ::testing::AllOf;
using testing::Certificates;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::text_of_file;
using testing::write_file;

/// One cluster, one user, contexts "dev" and "test".
std::string config(const std::string& cluster, const std::string& user,
                   const std::string& current = "dev") {
  return "apiVersion: v1\nkind: Config\ncurrent-context: " + current +
         "\ncontexts:\n- {name: dev, context: {cluster: c, user: u}}\n"
         "- {name: test, context: {cluster: c, user: nobody}}\n"
         "- {name: far, context: {cluster: nowhere, user: u}}\n"
         "clusters:\n- name: c\n  cluster: {" +
         cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n";
}

Result<ServerConfig> parse(const std::string& text, const std::string& context = "") {
  return parse_kubeconfig(text, "/none/config", context, SystemClock().wall());
}

std::string error_of(const std::string& text, const std::string& context = "") {
  const auto read = parse(text, context);
  return read ? "no error" : read.error().message;
}

TEST(Kubeconfig, ServerTokenAndTheRest) {
  const auto read = parse(config(
      "server: 'https://10.0.0.1:6443/', insecure-skip-tls-verify: true, tls-server-name: kube, "
      "proxy-url: 'http://proxy:3128'",
      "token: abc, as: someone"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->url, "https://10.0.0.1:6443");
  EXPECT_TRUE(read->insecure);
  EXPECT_EQ(read->tls_server_name, "kube");
  EXPECT_EQ(read->proxy, "http://proxy:3128");
  EXPECT_EQ(read->credentials.token, "abc");
  EXPECT_EQ(read->impersonate, "someone");
  EXPECT_EQ(read->source, "/none/config, context dev");
}

TEST(Kubeconfig, EachMistakeIsOneSentence) {
  const std::string good = config("server: 'https://x'", "token: t");
  EXPECT_EQ(error_of(good), "no error");
  EXPECT_EQ(error_of(good, "prod"),
            "kubeconfig /none/config has no context 'prod'; it has: dev, test, far");
  EXPECT_THAT(error_of(good, "test"), HasSubstr("is of user 'nobody', which it does not have"));
  EXPECT_THAT(error_of(good, "far"), HasSubstr("is of cluster 'nowhere', which it does not have"));
  EXPECT_THAT(error_of(config("server: 'https://x'", "token: t", "''")),
              HasSubstr("no current-context; name one of its contexts: dev, test, far"));
  EXPECT_THAT(error_of("a: [1\nb: 2\n"), AllOf(HasSubstr("/none/config, line 2: not valid YAML")));
  EXPECT_THAT(error_of("just text"), HasSubstr("is no kubeconfig"));
  EXPECT_THAT(error_of(""), HasSubstr("is no kubeconfig"));
  EXPECT_THAT(error_of(config("x: y", "token: t")), HasSubstr("cluster 'c' has no server"));
  EXPECT_THAT(error_of(config("server: 'ftp://x'", "token: t")), HasSubstr("no http or https"));
  EXPECT_THAT(error_of(config("server: 'https://x', certificate-authority-data: '%%'", "token: t")),
              HasSubstr("certificate-authority-data of cluster 'c' is not base64"));
  EXPECT_THAT(error_of(config("server: 'https://x', certificate-authority: ca.pem", "token: t")),
              HasSubstr("certificate-authority of cluster 'c': /none/ca.pem does not exist"));
  EXPECT_THAT(error_of(config("server: 'https://x'", "auth-provider: {name: gcp}")),
              HasSubstr("auth-provider 'gcp', which is not supported; use"));
  EXPECT_THAT(error_of(config("server: 'https://x'", R"(token: "a\r\nb: c")")),
              HasSubstr("control character"));
  EXPECT_THAT(error_of(config("server: 'https://x'", R"(as: "a\r\nb: c")")),
              HasSubstr("acts as has a control character"));
  EXPECT_THAT(error_of(config("server: 'https://x'", "client-key-data: eA==")),
              HasSubstr("has a client-key and no client-certificate"));
  EXPECT_THAT(error_of(config("server: 'https://x'", "exec: {apiVersion: v0, command: x}")),
              HasSubstr("supported are client.authentication.k8s.io/v1"));
  const auto missing = read_kubeconfig("/none/config", "", 0);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "kubeconfig /none/config does not exist");
  EXPECT_THAT(read_kubeconfig("/tmp", "", 0).error().message, HasSubstr("is not a regular file"));
}

TEST(Kubeconfig, FilesAreFoundFromItsFolder) {
  const test::TempDir dir;
  write_file(dir.file("config"), config("server: 'https://x', certificate-authority: sub/ca.pem",
                                        "tokenFile: token, token: old"));
  write_file(dir.file("token"), " new\n");
  ASSERT_EQ(::mkdir(dir.file("sub").c_str(), 0700), 0);
  write_file(dir.file("sub/ca.pem"), "-----BEGIN CERTIFICATE-----\n");
  const auto read = read_kubeconfig(dir.file("config"), "", 0);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->credentials.token, "new");
  EXPECT_EQ(read->ca, "-----BEGIN CERTIFICATE-----\n");
  EXPECT_TRUE(read->rotates);
}

TEST(Kubeconfig, ClientCertificates) {
  const Certificates certificates;
  if (!certificates.trouble().empty()) GTEST_SKIP() << certificates.trouble();
  const auto user = [&](const std::string& certificate, const std::string& key) {
    return config("server: 'https://x'",
                  "client-certificate: " + certificates.file(certificate) +
                      ", client-key-data: " + encode_base64(text_of_file(certificates.key(key))));
  };
  const auto read = parse(user("client", "client"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->credentials.key, text_of_file(certificates.key("client")));
  EXPECT_THAT(error_of(user("old", "old")),
              AllOf(HasSubstr("client certificate of user 'u' expired at 20"), HasSubstr("renew")));
  EXPECT_THAT(error_of(user("client", "server")), HasSubstr("does not belong to its key"));
  EXPECT_THAT(error_of(config("server: 'https://x'",
                              "client-certificate-data: eA==, client-key-data: eA==")),
              HasSubstr("is no certificate in PEM form"));
}

TEST(Kubeconfig, ExecPlugin) {
  const auto read = parse(
      "current-context: d\ncontexts: [{name: d, context: {cluster: c, user: u}}]\n"
      "clusters:\n- name: c\n  cluster:\n    server: https://x\n    extensions:\n"
      "    - name: client.authentication.k8s.io/exec\n      extension: {a: [true, 7, 'true'], b: "
      "\"q\\\"\"}\n"
      "users:\n- name: u\n  user:\n    exec:\n      apiVersion: "
      "client.authentication.k8s.io/v1beta1\n"
      "      command: bin/get-token\n      args: [--for, \"a b\"]\n"
      "      env: [{name: A, value: '1'}]\n      provideClusterInfo: true\n");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(read->exec);
  EXPECT_EQ(read->exec->command, "/none/bin/get-token");
  EXPECT_THAT(read->exec->arguments, ElementsAre("--for", "a b"));
  EXPECT_THAT(read->exec->environment, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(read->exec->cluster_info,
            R"({"server":"https://x","config":{"a":[true,7,"true"],"b":"q\""}})");
}

TEST(Base64, BothWays) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd"})
    EXPECT_EQ(decode_base64(encode_base64(text)), text);
  EXPECT_EQ(encode_base64("Man"), "TWFu");
  EXPECT_EQ(decode_base64("TW\nFu"), "Man");
  EXPECT_FALSE(decode_base64("TWF"));
  EXPECT_FALSE(decode_base64("T=Fu"));
  EXPECT_FALSE(decode_base64("T!Fu"));
}

}  // namespace
}  // namespace netprobe::kube

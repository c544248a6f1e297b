// SPDX-License-Identifier: Apache-2.0
#include "kube_pod.h"

#include <fmt/format.h>

namespace netprobe::bench {
namespace {

// What kubectl, the controller and the kubelet say that they set: a third of
// the bytes of a pod.
constexpr const char* kManagedFields =
    R"([{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-03-01T10:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},"f:prometheus.io/port":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/name":{},"f:pod-template-hash":{},"f:version":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"0b8b6f0e-6c0f-4d53-9d7e-6a4f3c1d2e10\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"GOMAXPROCS\"}":{".":{},"f:name":{},"f:value":{}},"k:{\"name\":\"POD_NAME\"}":{".":{},"f:name":{},"f:valueFrom":{}}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{}},"f:readinessProbe":{},"f:resources":{},"f:volumeMounts":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{}}}},{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-03-01T10:00:04Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{},"k:{\"type\":\"Initialized\"}":{},"k:{\"type\":\"Ready\"}":{}},"f:containerStatuses":{},"f:hostIP":{},"f:phase":{},"f:podIP":{},"f:podIPs":{},"f:startTime":{}}},"subresource":"status"}])";

constexpr const char* kSpec =
    R"({"volumes":[{"name":"config","configMap":{"name":"shop-config","defaultMode":420}},{"name":"tmp","emptyDir":{}},{"name":"kube-api-access-x7f2k","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],"containers":[{"name":"app","image":"registry.example.org/shop/frontend:1.42.0","args":["--listen=:8080","--log=json"],"ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[{"name":"GOMAXPROCS","value":"2"},{"name":"POD_NAME","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}],"resources":{"limits":{"cpu":"2","memory":"512Mi"},"requests":{"cpu":"200m","memory":"128Mi"}},"volumeMounts":[{"name":"config","mountPath":"/etc/shop"},{"name":"tmp","mountPath":"/tmp"},{"name":"kube-api-access-x7f2k","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":{"httpGet":{"path":"/live","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"readinessProbe":{"httpGet":{"path":"/ready","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":5,"successThreshold":1,"failureThreshold":3},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"allowPrivilegeEscalation":false}}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"frontend","serviceAccount":"frontend","nodeName":"NODE","securityContext":{"fsGroup":1000},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"})";

}  // namespace

KubePodText kube_pod_text(int number, const std::string& ip, int change, const std::string& label) {
  KubePodText pod;
  pod.metadata = fmt::format(
      R"(,"generateName":"frontend-7d4b9c6f5-","creationTimestamp":"2026-03-01T10:00:00Z","labels":{{"app.kubernetes.io/instance":"shop","app.kubernetes.io/name":"frontend","pod-template-hash":"7d4b9c6f5","version":"{}"}},"annotations":{{"checksum/config":"4be2ab0a1c7d6c0a4c0f6f7f0f2f8b7b7f5e3fbb7d6a5c1e","prometheus.io/port":"8080","prometheus.io/scrape":"true"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"frontend-7d4b9c6f5","uid":"0b8b6f0e-6c0f-4d53-9d7e-6a4f3c1d2e10","controller":true,"blockOwnerDeletion":true}}],"managedFields":{})",
      label, kManagedFields);
  std::string spec = kSpec;
  spec.replace(spec.find("NODE"), 4, fmt::format("node-{}", number % 100));
  const std::string id = fmt::format("{:064x}", number);
  pod.fields = fmt::format(
      R"(,"spec":{},"status":{{"phase":"Running","conditions":[{{"type":"Initialized","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-03-01T10:00:01Z"}},{{"type":"Ready","status":"{}","lastProbeTime":null,"lastTransitionTime":"2026-03-01T10:00:04Z"}},{{"type":"ContainersReady","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-03-01T10:00:04Z"}},{{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-03-01T10:00:00Z"}}],"hostIP":"192.0.2.{}","podIP":"{}","podIPs":[{{"ip":"{}"}}],"startTime":"2026-03-01T10:00:01Z","containerStatuses":[{{"name":"app","state":{{"running":{{"startedAt":"2026-03-01T10:00:03Z"}}}},"lastState":{{}},"ready":true,"restartCount":0,"image":"registry.example.org/shop/frontend:1.42.0","imageID":"registry.example.org/shop/frontend@sha256:{}","containerID":"containerd://{}","started":true}}],"qosClass":"Burstable"}})",
      spec, change % 2 == 0 ? "True" : "False", number % 100 + 1, ip, ip, id, id);
  return pod;
}

}  // namespace netprobe::bench

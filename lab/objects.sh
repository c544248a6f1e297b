# shellcheck shell=bash
# The objects that describe a lab to its API server: nodes with Flannel's
# annotations, workloads, the pods that the namespaces are, services and
# EndpointSlices, as controllers and kubelets would write them. Sourced by lab/up.
#
#   netns            pod                               of
#   podI-1           default/web-HASH-xxxxx            Deployment web by a ReplicaSet
#   podI-2 ...       clients/store-xxxxx               DaemonSets store, store-2 ...
#   podI-P (P > 1)   clients/client-NUMBER-xxxxx       CronJob client by a Job
#   dns_pod          kube-system/coredns-HASH-xxxxx    Deployment coredns by a ReplicaSet
#   nodeI            default/netprobe-agent-xxxxx      DaemonSet, hostNetwork: the agent
#   nodeI            kube-system/node-web-xxxxx        DaemonSet, hostNetwork: nginx

# Requests are collected, and sent together: one process and connection for all.
batch=''
to_send() { # METHOD PATH NAME, the body on stdin; the answer will be in objects/NAME.out
  local type=application/json file=$KUBE_DIR/objects/$3
  [[ $1 != PATCH ]] || type=application/merge-patch+json
  cat >"$file.json"
  batch+="next
url = \"$(kube_url)$2\"
request = $1
data-binary = \"@$file.json\"
output = \"$file.out\"
header = \"Content-Type: $type\"
header = \"@$KUBE_DIR/admin.header\"
cacert = \"$KUBE_DIR/ca.crt\"
noproxy = \"*\"
http1.1
max-time = 30
write-out = \"%{http_code} $1 $file.out\\n\"
"
}
send() {
  local code method file bad=''
  while read -r code method file; do
    # What every cluster has, the server may have made meanwhile: 409.
    [[ $code == 2?? || $code == 409 && $file == */namespace-* ]] || {
      bad=$file
      printf '%s: %s of %s was answered with %s: %s\n' "$LAB_CMD" "$method" "$(basename "$file" .out)" "$code" \
        "$(jq -r '.message // .' "$file" 2>/dev/null | head -c 500)" >&2
    }
  done < <(curl --parallel --parallel-max 8 --no-progress-meter --config - <<<"${batch#next}")
  [[ -z $bad ]] || die 1 "the API server did not take the lab's objects"
  batch=''
}
uid_of() { # NAME: metadata's own, which comes before those of owners
  local said
  said=$(<"$KUBE_DIR/objects/$1.out")
  [[ $said =~ \"uid\":\ ?\"([0-9a-f-]+)\" ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# Names as controllers make them.
suffix() { # WORDS...: five letters
  local alphabet=bcdfghjklmnpqrstvwxz2456789 n i out=''
  n=$(hash_of "$*")
  for i in 1 2 3 4 5; do out+=${alphabet:n % 27:1} n=$((n / 27)); done
  printf '%s' "$out"
}
owner() { # API KIND NAME FILE
  printf '[{"apiVersion":"%s","kind":"%s","name":"%s","uid":"%s","controller":true,"blockOwnerDeletion":true}]' \
    "$1" "$2" "$3" "$(uid_of "$4")"
}
# The template of a workload's pods, and the pods' own specification.
template() { # LABELS CONTAINER IMAGE [MORE]
  printf '{"metadata":{"labels":%s},"spec":{%s"containers":[{"name":"%s","image":"%s"}]}}' "$1" "${4-}" "$2" "$3"
}
host_spec='"hostNetwork":true,"dnsPolicy":"ClusterFirstWithHostNet",'

web_hash=7d4b9c6f5 dns_hash=74ff55c5b job_name=client-26775720
web_labels='{"app":"web","tier":"front"}'
dns_labels='{"k8s-app":"kube-dns"}'
client_labels='{"app":"client"}'
agent_labels='{"app":"netprobe-agent"}'
host_labels='{"app":"node-web"}'

register_nodes() {
  local i zone version
  version=$("$LAB_KUBE_APISERVER" --version | sed 's/^Kubernetes //')
  for ((i = 1; i <= LAB_NODES; i++)); do
    zone=lab-a
    ((i % 2)) || zone=lab-b
    to_send POST /api/v1/nodes "node-$i" <<END
{"apiVersion":"v1","kind":"Node","metadata":{"name":"node$i",
 "labels":{"kubernetes.io/hostname":"node$i","kubernetes.io/os":"linux","kubernetes.io/arch":"amd64",
  "topology.kubernetes.io/region":"lab","topology.kubernetes.io/zone":"$zone","cloud.google.com/gke-nodepool":"pool-$zone"},
 "annotations":{"flannel.alpha.coreos.com/backend-type":"vxlan","flannel.alpha.coreos.com/kube-subnet-manager":"true",
  "flannel.alpha.coreos.com/backend-data":"{\"VNI\":1,\"VtepMAC\":\"$(vtep_mac "$i" 4)\"}",
  "flannel.alpha.coreos.com/backend-v6-data":"{\"VNI\":1,\"VtepMAC\":\"$(vtep_mac "$i" 6)\"}",
  "flannel.alpha.coreos.com/public-ip":"$(node4 "$i")","flannel.alpha.coreos.com/public-ipv6":"$(node6 "$i")"}},
 "spec":{"podCIDR":"10.244.$i.0/24","podCIDRs":["10.244.$i.0/24","fd10:244:$i::/64"]},
 "status":{"addresses":[{"type":"InternalIP","address":"$(node4 "$i")"},{"type":"InternalIP","address":"$(node6 "$i")"},
   {"type":"Hostname","address":"node$i"}],
  "conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","lastHeartbeatTime":"$now","lastTransitionTime":"$now"}],
  "capacity":{"cpu":"2","memory":"4Gi","pods":"110"},"allocatable":{"cpu":"2","memory":"4Gi","pods":"110"},
  "nodeInfo":{"machineID":"","systemUUID":"","bootID":"","kernelVersion":"$(uname -r)","osImage":"lab","operatingSystem":"linux",
   "architecture":"amd64","containerRuntimeVersion":"containerd://1.6.20","kubeletVersion":"$version","kubeProxyVersion":"$version"}}}
END
  done
}

workload() { # KIND NAMESPACE NAME LABELS REPLICAS IMAGE [POD-SPEC]
  local kind=$1 replicas=''
  [[ $kind == DaemonSet ]] || replicas="\"replicas\":$5,"
  to_send POST "/apis/apps/v1/namespaces/$2/$(tr '[:upper:]' '[:lower:]' <<<"$kind")s" "$kind-$3" <<END
{"apiVersion":"apps/v1","kind":"$kind","metadata":{"name":"$3","labels":$4},
 "spec":{$replicas"selector":{"matchLabels":$4},"template":$(template "$4" "$3" "$6" "${7-}")}}
END
}
register_workloads() {
  local p
  workload Deployment default web "$web_labels" "$LAB_NODES" nginx
  workload Deployment kube-system coredns "$dns_labels" 1 coredns
  workload DaemonSet default netprobe-agent "$agent_labels" 0 netprobe "$host_spec"
  workload DaemonSet kube-system node-web "$host_labels" 0 nginx "$host_spec"
  for ((p = 2; p < LAB_PODS; p++)); do
    workload DaemonSet clients "$(store "$p")" "{\"app\":\"$(store "$p")\"}" 0 busybox
  done
  ((LAB_PODS < 2)) || to_send POST "/apis/$batch_api/namespaces/clients/cronjobs" CronJob-client <<END
{"apiVersion":"$batch_api","kind":"CronJob","metadata":{"name":"client","labels":$client_labels},
 "spec":{"schedule":"0 0 * * *","jobTemplate":{"spec":{"template":$(template "$client_labels" client curl '"restartPolicy":"Never",')}}}}
END
}
store() { if (($1 == 2)); then echo store; else echo "store-$1"; fi; } # P

replica_set() { # NAMESPACE NAME HASH LABELS REPLICAS IMAGE
  local labels="${4%\}},\"pod-template-hash\":\"$3\"}"
  to_send POST "/apis/apps/v1/namespaces/$1/replicasets" "ReplicaSet-$2" <<END
{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"$2-$3","labels":$labels,
  "ownerReferences":$(owner apps/v1 Deployment "$2" "Deployment-$2")},
 "spec":{"replicas":$5,"selector":{"matchLabels":$labels},"template":$(template "$labels" "$2" "$6")}}
END
}
register_owners() {
  replica_set default web $web_hash "$web_labels" "$LAB_NODES" nginx
  replica_set kube-system coredns $dns_hash "$dns_labels" 1 coredns
  ((LAB_PODS < 2)) || to_send POST /apis/batch/v1/namespaces/clients/jobs Job-client <<END
{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"$job_name","labels":$client_labels,
  "ownerReferences":$(owner "$batch_api" CronJob client CronJob-client)},
 "spec":{"parallelism":$LAB_NODES,"completions":$LAB_NODES,"template":$(template "$client_labels" client curl '"restartPolicy":"Never",')}}
END
}

pods=() # NAME NAMESPACE NETNS ADDRESS4,ADDRESS6 NODE WORKLOAD-CONTAINER
pod() { # NAMESPACE NAME NETNS ADDRESS4 ADDRESS6 NODE LABELS OWNER CONTAINER IMAGE PORT [POD-SPEC]
  local ports=''
  [[ -z ${11} ]] || ports=",\"ports\":[{\"name\":\"${11%%:*}\",\"containerPort\":${11#*:}}]"
  to_send POST "/api/v1/namespaces/$1/pods" "pod-$2" <<END
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$2","labels":$7,"ownerReferences":$8},
 "spec":{"nodeName":"$6",${12-}"containers":[{"name":"$9","image":"${10}"$ports}]}}
END
  pods+=("$2 $1 $(ns "$3") $4,$5 $6 $9 ${10}")
}
register_pods() {
  local i p labels template='"pod-template-hash"' from
  local web_owner dns_owner agent_owner host_owner client_owner=''
  web_owner=$(owner apps/v1 ReplicaSet web-$web_hash ReplicaSet-web)
  dns_owner=$(owner apps/v1 ReplicaSet coredns-$dns_hash ReplicaSet-coredns)
  agent_owner=$(owner apps/v1 DaemonSet netprobe-agent DaemonSet-netprobe-agent)
  host_owner=$(owner apps/v1 DaemonSet node-web DaemonSet-node-web)
  ((LAB_PODS < 2)) || client_owner=$(owner batch/v1 Job $job_name Job-client)
  for ((i = 1; i <= LAB_NODES; i++)); do
    pod default "web-$web_hash-$(suffix web "$i")" "pod$i-1" "$(pod4 "$i" 1)" "$(pod6 "$i" 1)" "node$i" \
      "${web_labels%\}},$template:\"$web_hash\"}" "$web_owner" web nginx http:80
    for ((p = 2; p < LAB_PODS; p++)); do
      from=$(store "$p")
      pod clients "$from-$(suffix "$from" "$i")" "pod$i-$p" "$(pod4 "$i" "$p")" "$(pod6 "$i" "$p")" "node$i" \
        "{\"app\":\"$from\"}" "$(owner apps/v1 DaemonSet "$from" "DaemonSet-$from")" "$from" busybox ''
    done
    ((LAB_PODS < 2)) || pod clients "$job_name-$(suffix client "$i")" "pod$i-$LAB_PODS" "$(pod4 "$i" "$LAB_PODS")" \
      "$(pod6 "$i" "$LAB_PODS")" "node$i" "${client_labels%\}},\"job-name\":\"$job_name\"}" "$client_owner" client curl '' \
      '"restartPolicy":"Never",'
    [[ -z $LAB_AGENT ]] || pod default "netprobe-agent-$(suffix agent "$i")" "node$i" "$(node4 "$i")" "$(node6 "$i")" "node$i" \
      "$agent_labels" "$agent_owner" netprobe-agent netprobe "metrics:$AGENT_PORT" "$host_spec"
    pod kube-system "node-web-$(suffix host "$i")" "node$i" "$(node4 "$i")" "$(node6 "$i")" "node$i" \
      "$host_labels" "$host_owner" node-web nginx "http:$HOST_PORT" "$host_spec"
  done
  pod kube-system "coredns-$dns_hash-$(suffix dns)" "$(dns_pod)" "$(dns4)" "$(dns6)" "node$LAB_NODES" \
    "${dns_labels%\}},$template:\"$dns_hash\"}" "$dns_owner" coredns coredns dns:53
}

# What the kubelet writes when a pod runs, and the file of the lab's pods.
register_statuses() {
  local line name namespace netns addresses node container image id
  for line in "${pods[@]}"; do
    read -r name namespace netns addresses node container image <<<"$line"
    id=$(printf '%s' "$LAB $name" | sha256sum | cut -d' ' -f1)
    to_send PATCH "/api/v1/namespaces/$namespace/pods/$name/status" "status-$name" <<END
{"status":{"phase":"Running","startTime":"$now","qosClass":"BestEffort","hostIP":"$(node4 "${node#node}")",
 "podIP":"${addresses%,*}","podIPs":[{"ip":"${addresses%,*}"},{"ip":"${addresses#*,}"}],
 "conditions":[$(for each in Initialized Ready ContainersReady PodScheduled; do
   printf '{"type":"%s","status":"True","lastTransitionTime":"%s"}' $each "$now"
   [[ $each == PodScheduled ]] || printf ','
 done)],
 "containerStatuses":[{"name":"$container","image":"$image","imageID":"$image","ready":true,"started":true,"restartCount":0,
  "containerID":"containerd://$id","state":{"running":{"startedAt":"$now"}}}]}}
END
    printf '%s\n' "$name $namespace $netns $addresses $node $(uid_of "pod-$name") $id" >>"$PODS_FILE"
  done
}

service() { # NAMESPACE NAME SELECTOR PORTS SPEC
  to_send POST "/api/v1/namespaces/$1/services" "service-$2" <<END
{"apiVersion":"v1","kind":"Service","metadata":{"name":"$2","labels":$3},
 "spec":{"selector":$3,"ports":$4,"ipFamilyPolicy":"RequireDualStack","ipFamilies":["IPv4","IPv6"],$5}}
END
}
register_services() {
  local tcp='"protocol":"TCP"' dns
  service default web '{"app":"web"}' "[{\"name\":\"http\",$tcp,\"port\":80,\"targetPort\":80,\"nodePort\":$NODE_PORT}]" \
    '"type":"NodePort","clusterIP":"10.96.0.80","clusterIPs":["10.96.0.80","fd10:96::50"]'
  service default web-headless '{"app":"web"}' "[{\"name\":\"http\",$tcp,\"port\":80,\"targetPort\":80}]" \
    '"clusterIP":"None"'
  [[ -z $LAB_AGENT ]] || service default netprobe-metrics "$agent_labels" \
    "[{\"name\":\"metrics\",$tcp,\"port\":$AGENT_PORT,\"targetPort\":\"metrics\"}]" '"clusterIP":"None"'
  dns="[{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53,\"targetPort\":53},{\"name\":\"dns-tcp\",$tcp,\"port\":53,\"targetPort\":53}]"
  service kube-system kube-dns "$dns_labels" "$dns" \
    '"clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10","fd10:96::10"]'
}

# One slice for each family, as the EndpointSlice controller writes them.
slices() { # NAMESPACE SERVICE POD-NAME-PREFIX PORTS
  local family line name namespace netns addresses node rest endpoints address
  for family in IPv4 IPv6; do
    endpoints=''
    for line in "${pods[@]}"; do
      read -r name namespace netns addresses node rest <<<"$line"
      [[ $name == "$3"* ]] || continue
      address=${addresses%,*}
      [[ $family == IPv4 ]] || address=${addresses#*,}
      endpoints+="${endpoints:+,}{\"addresses\":[\"$address\"],\"conditions\":{\"ready\":true},\"nodeName\":\"$node\",
        \"targetRef\":{\"kind\":\"Pod\",\"namespace\":\"$namespace\",\"name\":\"$name\",\"uid\":\"$(uid_of "pod-$name")\"}}"
    done
    name=$2-$(suffix "$2" $family)
    to_send POST "/apis/discovery.k8s.io/$slice_version/namespaces/$1/endpointslices" "slice-$name" <<END
{"apiVersion":"discovery.k8s.io/$slice_version","kind":"EndpointSlice","metadata":{"name":"$name",
  "labels":{"kubernetes.io/service-name":"$2","endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"},
  "ownerReferences":$(owner v1 Service "$2" "service-$2")},
 "addressType":"$family","endpoints":[$endpoints],"ports":$4}
END
  done
}
register_slices() {
  local http='[{"name":"http","protocol":"TCP","port":80}]'
  slices default web web- "$http"
  slices default web-headless web- "$http"
  [[ -z $LAB_AGENT ]] || slices default netprobe-metrics netprobe-agent- \
    "[{\"name\":\"metrics\",\"protocol\":\"TCP\",\"port\":$AGENT_PORT}]"
  slices kube-system kube-dns coredns- '[{"name":"dns","protocol":"UDP","port":53},{"name":"dns-tcp","protocol":"TCP","port":53}]'
}

# What the agent may do is what deploy/agent.yaml says, where that is there.
register_rights() {
  local manifest=$LAB_HOME/../deploy/agent.yaml role=''
  if [[ -r $manifest ]]; then
    role=$(awk 'function end() { if (doc ~ /(^|\n)kind: *ClusterRole *\n/) { printf "%s", doc; exit } doc = "" }
      /^---/ { end(); next } { doc = doc $0 "\n" } END { end() }' "$manifest")
  fi
  if [[ -z $role ]]; then
    role='{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"netprobe-agent"},"rules":['
    local verbs='"verbs":["list","watch"]'
    role+="{\"apiGroups\":[\"\"],\"resources\":[\"pods\",\"services\",\"nodes\",\"namespaces\"],$verbs},"
    role+="{\"apiGroups\":[\"apps\"],\"resources\":[\"replicasets\"],$verbs},"
    role+="{\"apiGroups\":[\"batch\"],\"resources\":[\"jobs\"],$verbs},"
    role+="{\"apiGroups\":[\"discovery.k8s.io\"],\"resources\":[\"endpointslices\"],$verbs},"
    role+="{\"apiGroups\":[\"networking.k8s.io\"],\"resources\":[\"networkpolicies\"],$verbs}]}"
  fi
  printf '%s\n' "$role" >"$KUBE_DIR/objects/role.yaml" # JSON is YAML
  kube_curl /apis/rbac.authorization.k8s.io/v1/clusterroles --header 'Content-Type: application/yaml' \
    --data-binary "@$KUBE_DIR/objects/role.yaml" --output "$KUBE_DIR/objects/role.out" ||
    die 1 "the API server did not take the agent's ClusterRole, $KUBE_DIR/objects/role.yaml"
  to_send POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings binding <<END
{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"lab-netprobe-agent"},
 "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"$(jq -r .metadata.name "$KUBE_DIR/objects/role.out")"},
 "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"netprobe-agent"}]}
END
}

register_all() {
  local now minor each batch_api=batch/v1 slice_version=v1
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  minor=$(kube_minor)
  ((${minor:-20} >= 21)) || batch_api=batch/v1beta1 slice_version=v1beta1
  for each in default kube-system clients; do
    to_send POST /api/v1/namespaces "namespace-$each" <<<"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"$each\"}}"
  done
  register_nodes
  send
  register_rights
  register_workloads
  register_services
  send
  register_owners
  send
  register_pods
  send
  register_statuses
  register_slices
  send
}

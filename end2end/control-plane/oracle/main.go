// Package main asks the filters of the real kube-scheduler which nodes are feasible for which pods.
//
// It reads one cluster a line from standard input, as JSON: nodes, pods that run, claims, volumes, classes, namespaces,
// and the pods that are wanted. It writes one line for each cluster: for every wanted pod and every node, why the node is not
// feasible, or an empty text where it is.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

type cluster struct {
	Nodes      []*v1.Node
	Pods       []*v1.Pod
	Wanted     []*v1.Pod
	Claims     []*v1.PersistentVolumeClaim
	Volumes    []*v1.PersistentVolume
	Classes    []*storage.StorageClass
	CSINodes   []*storage.CSINode
	Namespaces []*v1.Namespace
}

// The default profile, without the plugin of devices, which no cluster here has.
func profile() (*config.KubeSchedulerProfile, error) {
	defaults, err := latest.Default()
	if err != nil {
		return nil, err
	}
	profile := defaults.Profiles[0].DeepCopy()
	kept := profile.Plugins.MultiPoint.Enabled[:0]
	for _, plugin := range profile.Plugins.MultiPoint.Enabled {
		if plugin.Name != "DynamicResources" {
			kept = append(kept, plugin)
		}
	}
	profile.Plugins.MultiPoint.Enabled = kept
	return profile, nil
}

// with adds things of one kind to objects of any kind.
func with[T runtime.Object](objects []runtime.Object, more []T) []runtime.Object {
	for _, one := range more {
		objects = append(objects, one)
	}
	return objects
}

// How often a plugin is asked again, 5 ms apart.
const patience = 4000

// late tells whether a plugin's own cache has not heard of everything yet: these follow the informers a moment later. An error
// there is no answer, and neither is a volume that is said to be missing and is not.
func late(cluster *cluster, pod *v1.Pod, code, message string) bool {
	if code == "Error" {
		return true
	}
	if !strings.Contains(message, "bound to non-existent pv(s)") {
		return false
	}
	volumes := map[string]bool{}
	for _, volume := range cluster.Volumes {
		volumes[volume.Name] = true
	}
	claims := map[string]bool{}
	for _, volume := range pod.Spec.Volumes {
		if volume.PersistentVolumeClaim != nil {
			claims[volume.PersistentVolumeClaim.ClaimName] = true
		}
	}
	for _, claim := range cluster.Claims {
		mounted := claim.Namespace == pod.Namespace && claims[claim.Name]
		if mounted && claim.Spec.VolumeName != "" && !volumes[claim.Spec.VolumeName] {
			return false
		}
	}
	return true
}

func judge(ctx context.Context, profile *config.KubeSchedulerProfile, cluster *cluster) ([][]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var objects []runtime.Object
	objects = with(objects, cluster.Nodes)
	objects = with(objects, cluster.Pods)
	objects = with(objects, cluster.Claims)
	objects = with(objects, cluster.Volumes)
	objects = with(objects, cluster.Classes)
	objects = with(objects, cluster.CSINodes)
	objects = with(objects, cluster.Namespaces)
	client := fake.NewSimpleClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	snapshot := cache.NewSnapshot(cluster.Pods, cluster.Nodes)
	real, err := frameworkruntime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile,
		frameworkruntime.WithClientSet(client),
		frameworkruntime.WithInformerFactory(factory),
		frameworkruntime.WithSnapshotSharedLister(snapshot),
		frameworkruntime.WithEventRecorder(&events.FakeRecorder{}),
	)
	if err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return nil, fmt.Errorf("%v was not read", kind)
		}
	}
	var all [][]string
	for _, pod := range cluster.Wanted {
		state := framework.NewCycleState()
		allowed, status, _ := real.RunPreFilterPlugins(ctx, state, pod)
		for tries := 0; late(cluster, pod, status.Code().String(), status.Message()) && tries < patience; tries++ {
			time.Sleep(5 * time.Millisecond)
			state = framework.NewCycleState()
			allowed, status, _ = real.RunPreFilterPlugins(ctx, state, pod)
		}
		if status.Code().String() == "Error" {
			return nil, fmt.Errorf("the scheduler has no answer for pod %s: %s", pod.Name, status.Message())
		}
		row := make([]string, len(cluster.Nodes))
		for n, node := range cluster.Nodes {
			switch {
			case !status.IsSuccess():
				row[n] = "before: " + status.Message()
			case allowed != nil && allowed.NodeNames != nil && !allowed.NodeNames.Has(node.Name):
				row[n] = "left out"
			default:
				info, err := snapshot.Get(node.Name)
				if err != nil {
					return nil, err
				}
				found := real.RunFilterPlugins(ctx, state, pod, info)
				for tries := 0; late(cluster, pod, found.Code().String(), found.Message()) && tries < patience; tries++ {
					time.Sleep(5 * time.Millisecond)
					found = real.RunFilterPlugins(ctx, state, pod, info)
				}
				if found.Code().String() == "Error" {
					return nil, fmt.Errorf("the scheduler has no answer for pod %s on %s: %s", pod.Name, node.Name, found.Message())
				}
				if !found.IsSuccess() {
					row[n] = found.Plugin() + ": " + found.Message()
				}
			}
		}
		all = append(all, row)
	}
	return all, nil
}

func run() error {
	metrics.Register()
	klog.SetOutput(os.Stderr)
	profile, err := profile()
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(lines)
	out := json.NewEncoder(os.Stdout)
	for decoder.More() {
		var one cluster
		if err := decoder.Decode(&one); err != nil {
			return err
		}
		all, err := judge(context.Background(), profile, &one)
		if err != nil {
			return err
		}
		if err := out.Encode(all); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

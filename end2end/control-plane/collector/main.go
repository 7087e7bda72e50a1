// Package main is Kubernetes' own collector of pods whose node is gone, with its waits shortened from a minute to seconds.
// They are no flags of the controller-manager, and a test of many losses cannot wait a minute for each.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/pkg/controller/podgc"
)

func run() error {
	kubeconfig := flag.String("kubeconfig", "", "of who may delete pods")
	period := flag.Duration("period", time.Second, "from one look to the next")
	quarantine := flag.Duration("quarantine", time.Second, "for how long a node is given time to show up")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	core := factory.Core().V1()
	const kept = 1000 // finished pods, of which a test has fewer
	collector := podgc.NewPodGCInternal(ctx, client, core.Pods(), core.Nodes(), kept, *period, *quarantine)
	factory.Start(ctx.Done())
	collector.Run(ctx)
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pod-collector:", err)
		os.Exit(1)
	}
}

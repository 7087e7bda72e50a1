// Package main is the etcd of kubespray 2.7 for tests, which is what Compass installs, and under its name etcdctl.
package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/coreos/etcd/etcdctl/ctlv3"
	"github.com/coreos/etcd/etcdmain"
)

func main() {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "etcdctl") {
		ctlv3.Start()
		return
	}
	etcdmain.Main()
}

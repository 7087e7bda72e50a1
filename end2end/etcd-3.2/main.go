// Package main is the etcd of kubespray 2.7 for tests, which is what Compass installs.
package main

import "github.com/coreos/etcd/etcdmain"

func main() {
	etcdmain.Main()
}

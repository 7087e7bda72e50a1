# Everything one does with Binnacle. Each target installs what it lacks, says so, and is quick the second time.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.tools/bin:$(PATH)
export RUSTUP_TOOLCHAIN := $(shell sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)

.PHONY: help
help: ## List every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build Binnacle and start it on http://127.0.0.1:8080 (more flags: make run ARGS="--listen …")
	@end2end/install ansible || echo "» without it the demonstration cluster cannot be deployed" >&2
	@end2end/install etcd etcdutl || echo "» without them the demonstration cluster has no etcd to back up" >&2
	@target/release/binnacle serve $(ARGS)

.PHONY: build
build: front ## Build target/release/binnacle, one binary with its assets inside
	@echo "» building the server" >&2
	@cargo build --release --quiet -p binnacle

.PHONY: front
front: ## Build what runs in the browser, into target/site
	@end2end/install toolchain node wasm-bindgen
	@end2end/front

.PHONY: test
test: ## Pass every test: formats, lints, Rust, a real control plane, a browser
	@end2end/test

.PHONY: test-others
test-others: ## Try other people's versions and programs (parts of it: make test-others PARTS="kubernetes databases")
	@end2end/others $(PARTS)

.PHONY: quick
quick: ## Between two edits: formats, lints and the tests of the pure crates
	@end2end/install toolchain
	@end2end/quick

.PHONY: bench
bench: build ## Measure Binnacle beside its peers and print one table (parts of it: make bench PARTS="10001 pages")
	@end2end/bench/run $(PARTS)

.PHONY: package
package: ## Make archives, packages, image and chart into target/package (one architecture: make package FOR=x86_64)
	@end2end/install toolchain node wasm-bindgen static image-tools nfpm helm
	@packaging/package $(FOR)

.PHONY: test-kills
test-kills: ## Kill the server at 50 random moments while it records, and count what is lost
	@end2end/install toolchain
	@BINNACLE_TEST_KILLS=$${KILLS:-50} cargo test --test history_faults -- --nocapture a_kill_at_a_random_moment

.PHONY: test-packages
test-packages: ## Install, run, upgrade and remove what `make package` made, as root
	@end2end/install package-tools systemd ansible
	@node --test end2end/package/packages.test.mjs end2end/package/role.test.mjs

.PHONY: release
release: ## Make a release: make release VERSION=0.2.0 (docs/releasing.md)
	@end2end/install toolchain node wasm-bindgen static image-tools nfpm helm
	@packaging/release $(VERSION)

.PHONY: tools
tools: ## Install everything that is needed for the other targets, and nothing else
	@end2end/install toolchain node wasm-bindgen etcd etcdutl etcd-debian etcd-3.2 s3 helm control-plane kwok faketime ansible chromium postgres openssh schemathesis graphviz shellcheck proxies openapi cargo-deny oracle collector static image-tools nfpm systemd package-tools control-plane-old postgres-others keycloak dex openapi-generator terraform progenitor

.PHONY: control-plane
control-plane: ## Start a real Kubernetes control plane in .tools/control-plane (end it: make control-plane-down)
	@end2end/install etcd control-plane
	@end2end/control-plane/up .tools/control-plane

.PHONY: control-plane-down
control-plane-down: ## End the control plane that `make control-plane` started
	@end2end/control-plane/down .tools/control-plane

.PHONY: clean
clean: ## Remove what was built; .tools stays
	@rm -rf target end2end/node_modules end2end/test-results

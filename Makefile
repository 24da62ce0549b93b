# One build serves everything but `bench`: scripts/build.sh says how. `make` alone lists what there is.
.PHONY: help run demo demo-hsm test quick soak lint build bench

help:
	@echo 'make run       build, and do the main job in front of you; the server keeps running (data in ./var)'
	@echo 'make demo      the same in a temporary directory; evidence for the sceptic in ./demo-out'
	@echo 'make demo-hsm  the demo with the keys in a SoftHSM2 token (PKCS#11)'
	@echo 'make test      every test, independent programs included'
	@echo 'make quick     the tests without the independent programs'
	@echo 'make soak      the power cut test with 1,000 images (ASSAY_POWER_CUTS=N for another number)'
	@echo 'make lint      format and syntax'
	@echo 'make bench     figures beside their limits, from a release build of its own (docs/performance.md)'

run: build
	@scripts/main-job.sh run

demo: build
	@scripts/main-job.sh demo

demo-hsm: build
	@scripts/setup-hsm.sh
	@scripts/main-job.sh demo-hsm

test:
	@scripts/setup-build.sh
	@scripts/setup-tests.sh
	@scripts/test.sh

quick:
	@scripts/setup-build.sh
	@scripts/test.sh --quick

soak:
	@scripts/setup-build.sh
	@scripts/soak.sh

lint:
	@scripts/lint.sh

build:
	@scripts/setup-build.sh
	@scripts/build.sh --product assay

bench:
	@scripts/setup-build.sh
	@scripts/bench.sh

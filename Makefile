# The front door. Each target is a script under tools/ that can be run on its own; nothing is decided here.

BUILD ?= build
PREFIX ?= /usr/local
PEOPLE ?= 100000
SEED ?= 1
PORT ?= 8080
SERVE ?= 1

.PHONY: help demo test bench build install lint fuzz clean

help:
	@echo "make demo     build, make a synthetic state, run it to a published release, serve it on loopback"
	@echo "              (SERVE=0 stops after publishing; PEOPLE=$(PEOPLE) SEED=$(SEED) PORT=$(PORT))"
	@echo "make build    release build in $(BUILD)/"
	@echo "make test     everything that must hold: lint, sanitizers, tests, system tests, a short fuzz run"
	@echo "make bench    speed and memory, printed"
	@echo "make lint     house rules"
	@echo "make fuzz     longer fuzz run (SECONDS_EACH=60)"
	@echo "make install  into PREFIX=$(PREFIX) (DESTDIR is honoured)"
	@echo "make clean    removes build folders and the demo's data"

build:
	@tools/install-deps
	@tools/fetch-duckdb
	@tools/build $(BUILD) release "$(PREFIX)"

demo: build
	@PEOPLE=$(PEOPLE) SEED=$(SEED) PORT=$(PORT) SERVE=$(SERVE) tools/demo $(BUILD)

test:
	@tools/test

bench: build
	@tools/bench $(BUILD)

install: build
	@meson install -C $(BUILD) --no-rebuild

lint:
	@tools/lint

fuzz:
	@tools/install-deps --test
	@tools/fetch-duckdb
	@tools/fuzz $${SECONDS_EACH:-60}

clean:
	rm -rf build build-* demo

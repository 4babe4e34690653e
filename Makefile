# ikelab
#
#   make            builds into build/
#   make demo       installs and builds what is missing, then shows what the lab does
#   make test       the same, then everything that must be green before a change lands
#   make interop    every peer with every other, in both roles; builds the peers first (docs/INTEROP.md)
#   make conform    the reference, clause by clause, against the scripted peer (docs/CONFORMANCE.md)
#   make tidy       formatting, the order of the rooms, marks of tests, Python that compiles; changes nothing
#   make sanitize   unit tests and scenarios of the reference under ASan and UBSan
#   make sim        lives of the reference from seeds, for MINUTES=1, every rule checked
#   make sim-long   a million plain lives, ten million rekeys
#   make sim-mutants    faults planted one by one into a copy: the simulator has to find each
#   make mutation   faults generated and planted into a copy: the conformance suite has to see them (docs/MUTATION.md)
#   make fuzz       every fuzzer for MINUTES=1, in turn; TARGET=endpoint: that one (docs/FUZZING.md)
#   make fuzz-mutants   faults planted one by one into what cuts and joins packets: its fuzzers have to find each
#   make coverage   how much of the core unit tests, vectors, simulator and fuzz corpus reach, room by room
#   make prove      what the headers promise, proved up to stated bounds; ARGS="--quick" (docs/PROOFS.md)
#   make prove-mutants  faults planted one by one: the proof that is there for each has to fail
#   make hostile    a million hostile datagrams at a running daemon, under ASan and UBSan
#   make hostile-peers  thousands of cases by a peer that holds the keys, under ASan and UBSan (docs/HOSTILE.md)
#   make hostile-others  some cases of each group at every other implementation, PEERS="..." (docs/HOSTILE.md)
#   make robust     a daemon killed at every step, short of memory, descriptors and disk; 10,000 connects
#   make bench      tunnels of several makers side by side, with controls: figures, and a page (docs/PERFORMANCE.md)
#   make bench-gate instructions of fixed cases counted, and held against a baseline (docs/PERFORMANCE.md)
#   make crowd      100,000 clients of one gateway: memory, a storm of rekeys, everybody comes back (docs/PERFORMANCE.md)
#   make flood      floods a running daemon: do honest clients connect, and how many cookies a second (docs/FLOODS.md)
#   make clean      removes build/, but for the roots of peers and tools, which took long to unpack; they go
#                   by `make clean-peers`
#
# No recipe here needs anything that ci/install.sh does not install. `make BUILD=DIR` builds elsewhere.

PYTHON ?= /usr/bin/python3
CC ?= cc
BUILD ?= build
SANITIZE ?=
JOBS ?= $(shell nproc)

CFLAGS ?= -O2 -g
WARNINGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wvla -fno-strict-aliasing
ifneq ($(SANITIZE),)
CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
endif

# The core knows libcrypto and nothing else; the daemon adds jansson, libconfuse, libmnl and libseccomp.
CORE_ROOMS := base crypto wire protect sa exchange esp endpoint
CORE_SOURCES := $(foreach room,$(CORE_ROOMS),$(sort $(wildcard ref/$(room)/*.c)))
HOST_SOURCES := $(sort $(wildcard ref/host/*.c))
SIM_SOURCES := $(sort $(wildcard ref/sim/*.c))
LOAD_SOURCES := $(sort $(wildcard ref/load/*.c))
CORE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/%.o)
HOST_OBJECTS := $(HOST_SOURCES:%.c=$(BUILD)/%.o)
SIM_OBJECTS := $(SIM_SOURCES:%.c=$(BUILD)/%.o)
LOAD_OBJECTS := $(LOAD_SOURCES:%.c=$(BUILD)/%.o)

# ref/test/<room>/test_<module>.c is one cmocka program; helper files beside it have no test_ prefix.
TEST_SOURCES := $(sort $(wildcard ref/test/*/test_*.c))
TEST_SUPPORT := $(sort $(filter-out $(TEST_SOURCES) ref/test/vectors/% ref/test/flood/%,$(wildcard ref/test/*/*.c)))
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(BUILD)/%)
TEST_SUPPORT_OBJECTS := $(TEST_SUPPORT:%.c=$(BUILD)/%.o)
HOST_TEST_OBJECTS := $(filter-out %/main.o,$(HOST_OBJECTS) $(SIM_OBJECTS) $(LOAD_OBJECTS))

PROGRAMS := $(BUILD)/ikeref $(BUILD)/ikesim $(BUILD)/ikeload $(BUILD)/capture $(BUILD)/relay $(BUILD)/flood $(BUILD)/guest-agent $(BUILD)/guest-nss-key-log.so $(BUILD)/hardship.so \
            $(BUILD)/prober $(BUILD)/ikeref-null-cipher $(BUILD)/ikelab

# Plain `make` uses every core, unless the caller has said how many.
ALL_CORES = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))

all:
	@$(MAKE) --no-print-directory $(ALL_CORES) programs

programs: $(PROGRAMS)

tests: $(TEST_PROGRAMS) $(BUILD)/vector-runner

$(BUILD)/libikeref.a: $(CORE_OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/ikeref: $(HOST_OBJECTS) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@.new $(HOST_OBJECTS) $(BUILD)/libikeref.a -lconfuse -ljansson -lmnl -lseccomp -lcrypto
	@mv $@.new $@  # whoever starts it meanwhile gets a whole one

# The simulator: the core and the data plane alone, no daemon (docs/SIMULATION.md).
$(BUILD)/ikesim: $(SIM_OBJECTS) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@.new $(SIM_OBJECTS) $(BUILD)/libikeref.a -lcrypto
	@mv $@.new $@

# The load generator (docs/PERFORMANCE.md): many clients in one process, with the daemon's sockets and configuration.
$(BUILD)/ikeload: $(LOAD_OBJECTS) $(filter-out %/main.o,$(HOST_OBJECTS)) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@.new $^ -lconfuse -ljansson -lmnl -lseccomp -lcrypto -lm
	@mv $@.new $@

$(BUILD)/capture: harness/capture/capture.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(WARNINGS) $(LDFLAGS) -o $@ $< -lpcap

$(BUILD)/flood: harness/flood/flood.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(WARNINGS) $(LDFLAGS) -o $@ $<

$(BUILD)/relay: harness/link/relay.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(WARNINGS) $(LDFLAGS) -o $@ $<

# Runs in guests, whose libraries are another release's: static, and never under a sanitizer.
$(BUILD)/guest-agent: $(addprefix harness/guest/,agent.c errand.c outlet.c agent.h errand.h outlet.h)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -O2 -g $(WARNINGS) -static -o $@.new $(filter %.c,$^) && mv $@.new $@

# Loaded into programs of any release: nothing newer than the oldest one's C library.
$(BUILD)/guest-nss-key-log.so: harness/guest/nss_key_log.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -O2 -g $(WARNINGS) -shared -fPIC -o $@.new $< && mv $@.new $@

# Loaded into a daemon of ours by tests, and never built with a sanitizer, which replaces the same functions.
$(BUILD)/hardship.so: harness/hardship/hardship.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -O2 -g $(WARNINGS) -shared -fPIC -o $@.new $< && mv $@.new $@

# What the bench measures tunnels with, and the control whose cipher does nothing.
$(BUILD)/prober: harness/bench/prober.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -O2 -g $(WARNINGS) -o $@.new $< && mv $@.new $@

$(BUILD)/null-cipher.so: harness/bench/null_cipher.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) -O2 -g $(WARNINGS) -shared -fPIC -o $@.new $< && mv $@.new $@

$(BUILD)/ikeref-null-cipher: harness/bench/ikeref-null-cipher.sh $(BUILD)/null-cipher.so
	@cp $< $@

$(BUILD)/ikelab: harness/ikelab.sh.in Makefile
	@mkdir -p $(@D)
	@sed -e 's|@PYTHON@|$(PYTHON)|' -e 's|@ROOT@|$(CURDIR)|' $< > $@
	@chmod +x $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(WARNINGS) -MMD -MP -Iref -c -o $@ $<

$(BUILD)/ref/test/%: ref/test/%.c $(TEST_SUPPORT_OBJECTS) $(HOST_TEST_OBJECTS) $(BUILD)/libikeref.a
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(CFLAGS) $(WARNINGS) $(LDFLAGS) -MMD -MP -Iref -o $@ $< $(TEST_SUPPORT_OBJECTS) \
	  $(HOST_TEST_OBJECTS) $(BUILD)/libikeref.a -lcmocka -lconfuse -ljansson -lmnl -lseccomp -lcrypto -lm

# What the core calls can be made to fail here.
EXHAUSTIBLE := endpoint_receive endpoint_command endpoint_expire malloc calloc digest_sha1 prf_compute prf_plus \
  key_exchange_create key_exchange_derive protector_create protector_seal endpoint_job_done job_do signature_sign
$(BUILD)/ref/test/endpoint/test_exhaustion: override LDFLAGS += $(EXHAUSTIBLE:%=-Wl,--wrap=%)

$(BUILD)/ref/test/base/test_prefix_tree: override LDFLAGS += -Wl,--wrap=malloc -Wl,--wrap=calloc

# Only the unit tests; ci/run_tests.py runs them and says how many passed.
unit:
	@$(MAKE) --no-print-directory $(ALL_CORES) tests
	@$(PYTHON) ci/run_tests.py --build $(BUILD) unit

setup:
	+@BUILD=$(BUILD) ci/setup.sh

demo: setup
	@$(BUILD)/ikelab demo

test: setup
	@$(MAKE) --no-print-directory $(ALL_CORES) tests sanitized fuzzers $(BUILD)/ikebench $(BUILD)/ikecrowd
	@$(PYTHON) ci/run_tests.py --build $(BUILD) unit ci gate prove fuzz sim sanitize coverage harness scenarios conformance hostile-peers interop

# Every peer of the table, by each AUTHENTICATION. ARGS="--shard 1/4" and the like are handed on; the report is
# in build/results/latest.
AUTHENTICATION ?= psk,certificate
interop: setup
	@$(BUILD)/ikelab peers build --all
	@$(BUILD)/ikelab interop --authentication $(AUTHENTICATION) --junit $(BUILD)/results/interop.xml --json $(BUILD)/results/interop.json $(ARGS)

# ARGS="--peer strongswan-6.0.1 RFC7296-2.6" and the like are handed on.
conform: setup
	@$(BUILD)/ikelab conform --json $(BUILD)/results/conform.json $(ARGS)

# Faults planted one by one (docs/MUTATION.md). ARGS="--only exchange" and the like are handed on.
MUTANTS ?= 200
SEED ?= 1
mutation: setup
	@$(PYTHON) -c 'import clang.cindex' 2>/dev/null || ci/install.sh --mutation
	@PYTHONPATH=ci:harness $(PYTHON) -m mutation --build $(BUILD) --mutants $(MUTANTS) --seed $(SEED) --jobs $(JOBS) $(ARGS)

# The daemon as the hostile tests and `make sanitize` want it.
SANITIZED := $(BUILD)/sanitized
sanitized:
	@$(MAKE) --no-print-directory $(ALL_CORES) BUILD=$(SANITIZED) SANITIZE=address,undefined \
	  $(SANITIZED)/ikeref

sanitize: setup
	@$(MAKE) --no-print-directory $(ALL_CORES) BUILD=$(SANITIZED) SANITIZE=address,undefined \
	  programs tests
	@$(PYTHON) ci/run_tests.py --build $(SANITIZED) unit
	@$(BUILD)/ikelab run --ikeref $(SANITIZED)/ikeref --initiator reference --responder reference

hostile: setup sanitized
	@IKELAB_HOSTILE=1000000 $(PYTHON) ci/run_tests.py --build $(BUILD) hostile

# CASES of each group, in both roles (docs/HOSTILE.md).
CASES ?= 2000
hostile-peers: setup sanitized
	@IKELAB_HOSTILE_CASES=$(CASES) $(PYTHON) ci/run_tests.py --build $(BUILD) hostile-peers

# CASES at other implementations; ARGS="--role responder --seed 7 order" and the like are handed on.
PEERS ?= strongswan-5.9.8 strongswan-6.0.1 strongswan-6.1.0 libreswan-4.10 libreswan-5.2 openiked-7.2 openiked-7.4
hostile-others: CASES = 100
hostile-others: setup
	@$(BUILD)/ikelab peers build $(PEERS)
	@$(BUILD)/ikelab hostile --cases $(CASES) $(PEERS:%=--peer %) --json $(BUILD)/results/hostile.json $(ARGS)

# Killed at every step, without memory, descriptors, disk: the bounded share is in `make test`.
robust: setup
	@IKELAB_ROBUST=all $(PYTHON) ci/run_tests.py --build $(BUILD) robust

# Floods at a running daemon (docs/FLOODS.md): figures, and exit 1 when one is missed. The core's own rate too.
COOKIE_RATE_OBJECTS := $(BUILD)/ref/test/flood/cookie_rate.o $(BUILD)/ref/test/endpoint/stranger.o \
                       $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard ref/test/endpoint/world*.c))) $(BUILD)/ref/sim/stand_in.o
$(BUILD)/cookie-rate: $(COOKIE_RATE_OBJECTS) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@ $(COOKIE_RATE_OBJECTS) $(BUILD)/libikeref.a -lcmocka -lcrypto

flood: setup
	@$(MAKE) --no-print-directory $(ALL_CORES) $(BUILD)/cookie-rate
	@$(PYTHON) ci/flood.py --build $(BUILD) $(ARGS)

# The simulator (docs/SIMULATION.md): figures, and exit 1 when a rule is broken.
MINUTES ?= 1
sim: $(BUILD)/ikesim
	@$(BUILD)/ikesim --minutes $(MINUTES)
	@$(BUILD)/ikesim --plan life --seeds 5000 --least 1000

sim-long: $(BUILD)/ikesim
	@$(BUILD)/ikesim --plan life --seeds 1000000

sim-mutants: $(BUILD)/ikesim
	@CC="$(CC)" $(PYTHON) ci/sim_mutants.py --build $(BUILD)

# Fixed cases over the core, whose instructions are counted (docs/PERFORMANCE.md). What they draw comes from seeds.
BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard ref/bench/*.c))) $(BUILD)/ref/sim/dice.o
$(BUILD)/ref/bench/main.o: override CFLAGS := $(CFLAGS) -DBENCH_FLAGS='"$(CFLAGS)"'
$(BUILD)/ikebench: $(BENCH_OBJECTS) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@.new $(BENCH_OBJECTS) $(BUILD)/libikeref.a -lcrypto
	@mv $@.new $@

# Who cannot be installed is told and left out. ARGS="raw reference openvpn --measure rtt" and the like are handed on.
bench: setup
	@ci/install.sh --bench || echo "going on without what could not be installed"
	@$(BUILD)/ikelab bench contest --profile --json $(BUILD)/results/bench.json --page $(BUILD)/results/bench.html $(ARGS)

bench-gate: $(BUILD)/ikelab
	@command -v valgrind >/dev/null && test -f /usr/include/valgrind/callgrind.h || ci/install.sh
	@$(MAKE) --no-print-directory $(ALL_CORES) $(BUILD)/ikebench $(BUILD)/ikeref
	@$(BUILD)/ikelab bench gate $(ARGS)

# A crowd of clients in one process (docs/PERFORMANCE.md).
CROWD_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard ref/crowd/*.c))) $(BUILD)/ref/sim/dice.o $(BUILD)/ref/sim/stand_in.o
$(BUILD)/ikecrowd: $(CROWD_OBJECTS) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@.new $(CROWD_OBJECTS) $(BUILD)/libikeref.a -lcrypto
	@mv $@.new $@

crowd: $(BUILD)/ikelab
	@$(MAKE) --no-print-directory $(ALL_CORES) $(BUILD)/ikecrowd
	@$(BUILD)/ikelab bench crowd $(ARGS)

# Fuzzers: ref/fuzz/fuzz_*.c is one libFuzzer program each (docs/FUZZING.md). They and all that they
# link are built apart, instrumented, in $(FUZZED).
FUZZED := $(BUILD)/fuzzed
FUZZ_CC ?= clang
FUZZ_SOURCES := $(sort $(wildcard ref/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
FUZZ_SUPPORT := $(filter-out ref/fuzz/record_mutator.c $(FUZZ_SOURCES),$(sort $(wildcard ref/fuzz/*.c))) \
                $(sort $(wildcard ref/test/endpoint/world*.c)) ref/sim/stand_in.c \
                ref/test/esp/esp_lab.c ref/test/protect/seal_lab.c
# These read scripts of records, and get the mutator for them.
FUZZ_SCRIPTED := $(foreach name,coalescing endpoint esp reassembly,$(BUILD)/ref/fuzz/fuzz_$(name))
TARGET ?=

# Hashing and adding up take no turn that an input could learn from, and their loops, counted, took half of the time.
ifneq ($(findstring fuzzer,$(SANITIZE)),)
$(BUILD)/ref/crypto/openssl_hmac.o $(BUILD)/ref/esp/checksum.o $(BUILD)/ref/fuzz/cut_model.o: CFLAGS += -fno-sanitize=fuzzer-no-link
endif

$(BUILD)/libfuzz.a: $(FUZZ_SUPPORT:%.c=$(BUILD)/%.o) $(filter-out %/main.o,$(HOST_OBJECTS))
	@rm -f $@
	@$(AR) rcs $@ $^

$(FUZZ_SCRIPTED): FUZZ_MUTATOR := $(BUILD)/ref/fuzz/record_mutator.o
$(FUZZ_SCRIPTED): $(BUILD)/ref/fuzz/record_mutator.o
$(FUZZ_PROGRAMS): $(BUILD)/ref/fuzz/fuzz_%: $(BUILD)/ref/fuzz/fuzz_%.o $(BUILD)/libfuzz.a $(BUILD)/libikeref.a
	@echo "  FUZZ  $@"
	@$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_MUTATOR) $(BUILD)/libfuzz.a $(BUILD)/libikeref.a \
	  -lcmocka -lconfuse -ljansson -lmnl -lseccomp -lcrypto

fuzz-programs: $(FUZZ_PROGRAMS)
fuzzers:
	@$(MAKE) --no-print-directory $(ALL_CORES) BUILD=$(FUZZED) CC=$(FUZZ_CC) \
	  SANITIZE=address,undefined,fuzzer-no-link fuzz-programs

fuzz-mutants: fuzzers
	@FUZZ_CC="$(FUZZ_CC)" $(PYTHON) ci/fuzz_mutants.py --build $(BUILD)
fuzz: fuzzers
	@$(PYTHON) ci/fuzz.py --build $(BUILD) --minutes $(MINUTES) $(TARGET)

# The same fuzzers under AFL++.
fuzz-afl:
	@command -v afl-fuzz >/dev/null || ci/install.sh --afl
	@$(MAKE) --no-print-directory fuzzers FUZZED=$(BUILD)/fuzzed-afl FUZZ_CC=afl-clang-fast
	@$(PYTHON) ci/fuzz_afl.py --build $(BUILD) --minutes $(MINUTES) $(TARGET)

# How much of the core is reached (docs/COVERAGE.md): everything that plays it, built with counters, without
# asserts, whose other branch no test is to take, and without warnings, which are the other builds' affair.
COVERED := $(BUILD)/covered
COVER_CC ?= gcc
COVER_FLAGS := -O0 -g --coverage -DNDEBUG -w
REPLAY_PROGRAMS := $(FUZZ_SOURCES:ref/fuzz/fuzz_%.c=$(BUILD)/replay/%)
$(REPLAY_PROGRAMS): $(BUILD)/replay/%: $(BUILD)/ref/fuzz/fuzz_%.o $(BUILD)/ref/fuzz/replay/main.o \
  $(BUILD)/libfuzz.a $(BUILD)/libikeref.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lconfuse -ljansson -lmnl -lseccomp -lcrypto

coverage-programs: tests $(BUILD)/ikesim $(REPLAY_PROGRAMS)
coverage:
	@command -v gcovr >/dev/null || ci/install.sh --coverage
	@$(MAKE) --no-print-directory $(ALL_CORES) BUILD=$(COVERED) CC="$(COVER_CC)" CFLAGS="$(COVER_FLAGS)" \
	  LDFLAGS=--coverage coverage-programs
	@$(PYTHON) ci/coverage.py --build $(COVERED) $(ARGS)

# Bounded proofs: ref/prove/proofs.toml is the table. CBMC comes from a root of its own, $(BUILD)/tools/cbmc,
# made when it is not there.
prove:
	@ci/install.sh
	@$(PYTHON) ci/prove.py --build $(BUILD) $(ARGS)

prove-mutants:
	@ci/install.sh
	@$(PYTHON) ci/prove.py --build $(BUILD) --mutants $(ARGS)

# Test vectors: published, from packages, and of whole exchanges (docs/VECTORS.md).
VECTOR_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard ref/test/vectors/*.c)))
$(BUILD)/vector-runner: $(VECTOR_OBJECTS) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -Wl,--wrap=signature_sign -o $@ $(VECTOR_OBJECTS) $(BUILD)/libikeref.a -ljansson \
	  -lcrypto

vectors: $(BUILD)/vector-runner $(BUILD)/ikelab
	@$(BUILD)/ikelab vectors

clean:
	@mkdir -p $(BUILD)
	@find $(BUILD) -mindepth 1 -maxdepth 1 ! -name peers ! -name tools -exec rm -rf {} +

clean-peers:
	rm -rf $(BUILD)/peers $(BUILD)/tools

# Formatting, the order of the rooms, and Python that at least compiles. Changes nothing.
CLANG_FORMAT ?= clang-format
tidy:
	@find ref harness/bench harness/capture harness/flood harness/link -name '*.[ch]' -print0 \
	  | xargs -0 -r -n 20 -P 2 $(CLANG_FORMAT) --dry-run -Werror
	@$(PYTHON) ci/rooms.py
	@$(PYTHON) ci/trace.py --quiet
	@PYTHONPYCACHEPREFIX=$(BUILD)/pycache $(PYTHON) -m compileall -q harness scenarios ci
	@echo "tidy: the formatting, the rooms, the marks of tests and the Python are in order"

-include $(shell find $(BUILD)/ref -type f -name '*.d' 2>/dev/null)
.PHONY: fuzz-afl fuzz-mutants all programs tests unit vectors setup demo test conform interop sanitized sanitize sim sim-long sim-mutants mutation hostile \
  hostile-peers hostile-others robust bench bench-gate crowd fuzz fuzzers fuzz-programs flood coverage coverage-programs prove prove-mutants \
  tidy clean clean-peers
.SECONDARY: $(TEST_SUPPORT_OBJECTS)
.DELETE_ON_ERROR:

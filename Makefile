# ikelab: `make` builds into build/; `make demo` and `make test` are all a newcomer needs.
# No recipe here needs anything that ci/install.sh does not install.

PYTHON ?= /usr/bin/python3
CC ?= cc
BUILD ?= build
SANITIZE ?=

CFLAGS ?= -O2 -g
WARNINGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wvla -fno-strict-aliasing
ifneq ($(SANITIZE),)
CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
endif

# The core knows libcrypto and nothing else; the daemon adds jansson, libconfuse and libmnl.
CORE_ROOMS := base crypto wire protect sa exchange esp endpoint
CORE_SOURCES := $(foreach room,$(CORE_ROOMS),$(sort $(wildcard ref/$(room)/*.c)))
HOST_SOURCES := $(sort $(wildcard ref/host/*.c))
CORE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/%.o)
HOST_OBJECTS := $(HOST_SOURCES:%.c=$(BUILD)/%.o)

# ref/test/<room>/test_<module>.c is one cmocka program; helper files beside it have no test_ prefix.
TEST_SOURCES := $(sort $(wildcard ref/test/*/test_*.c))
TEST_SUPPORT := $(sort $(filter-out $(TEST_SOURCES),$(wildcard ref/test/*/*.c)))
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(BUILD)/%)
TEST_SUPPORT_OBJECTS := $(TEST_SUPPORT:%.c=$(BUILD)/%.o)
HOST_TEST_OBJECTS := $(filter-out $(BUILD)/ref/host/main.o,$(HOST_OBJECTS))

all: $(BUILD)/ikeref $(BUILD)/capture $(BUILD)/relay $(BUILD)/ikelab

$(BUILD)/libikeref.a: $(CORE_OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/ikeref: $(HOST_OBJECTS) $(BUILD)/libikeref.a
	@echo "  LINK  $@"
	@$(CC) $(LDFLAGS) -o $@ $(HOST_OBJECTS) $(BUILD)/libikeref.a -lconfuse -ljansson -lmnl -lcrypto

$(BUILD)/capture: harness/capture/capture.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(WARNINGS) $(LDFLAGS) -o $@ $< -lpcap

$(BUILD)/relay: harness/link/relay.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(WARNINGS) $(LDFLAGS) -o $@ $<

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
	  $(HOST_TEST_OBJECTS) $(BUILD)/libikeref.a -lcmocka -lconfuse -ljansson -lmnl -lcrypto

unit: $(TEST_PROGRAMS)
	@set -e; for program in $(TEST_PROGRAMS); do echo "== $$program"; $$program; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/ref -type f -name '*.d' 2>/dev/null)
.PHONY: all unit clean
.DELETE_ON_ERROR:

# Formatting, the order of the rooms, and Python that at least compiles. Changes nothing.
CLANG_FORMAT ?= clang-format
tidy:
	@find ref harness/capture -name '*.[ch]' -print0 \
	  | xargs -0 -r -n 20 -P 2 $(CLANG_FORMAT) --dry-run -Werror
	@$(PYTHON) ci/rooms.py
	@PYTHONPYCACHEPREFIX=$(BUILD)/pycache $(PYTHON) -m compileall -q harness scenarios ci
	@echo "tidy: the formatting, the rooms and the Python are in order"
.PHONY: tidy

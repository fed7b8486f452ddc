# SPDX-License-Identifier: MIT
#
# What the HTML reports carry inside: scripts and styles of ours (trace/report/page/) and a
# chart library, as data of the program. A new file there is found without being named here.

PAGE_FILES := $(sort $(wildcard trace/report/page/*.js trace/report/page/*.css))
PAGE_CHART := $(BUILD)/page/chart
PAGE_ASSETS := $(BUILD)/gen/page_assets.h

# The link dangles when the cache was emptied; make then sees no target.
$(PAGE_CHART): scripts/chart-library | deps-build
	$(Q)scripts/chart-library $@
	$(Q)touch -h $@

$(PAGE_ASSETS): scripts/page-assets $(PAGE_FILES) | $(PAGE_CHART)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)scripts/page-assets $(@D) $(PAGE_CHART) $(PAGE_FILES)

# The short way in. Each target installs what is missing, then calls an npm script, so that the
# repository's own Node runs it whatever the system's is.

.PHONY: demo test check bench sim clean

demo: node_modules/.installed
	@npm run -s tapedeck -- demo $(ARGS)

test: node_modules/.installed
	@npm run -s test -- $(ARGS)

check: node_modules/.installed
	@npm run -s check

bench: node_modules/.installed
	@npm run -s bench -- $(ARGS)

# make sim ARGS="--seed 7" repeats a seed.
sim: node_modules/.installed
	@npm run -s sim -- $(ARGS)

clean:
	rm -rf dist node_modules .tapedeck tapedeck-*.tgz

node_modules/.installed: package-lock.json
	npm ci
	@touch $@

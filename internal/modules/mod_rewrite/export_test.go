package rewrite

import "transom/internal/module"

// StopPrograms ends what a configuration's maps have started.
func StopPrograms(b *module.Build) {
	for _, p := range programsOf(b) {
		p.end()
	}
}

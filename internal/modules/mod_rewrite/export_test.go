package rewrite

import "transom/internal/module"

// StopPrograms ends what a configuration's maps have started.
func StopPrograms(b *module.Build) {
	module.Keep(b.Kept, programsKey, func() *programs { return &programs{} }).replace(nil, nil)
}

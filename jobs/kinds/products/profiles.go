package products

import (
	"embed"

	"sluice/jobs/mapping"
)

//go:embed profiles/*.json
var profileFiles embed.FS

// profiles are the files of systems that are known: one file each.
func profiles() mapping.Profiles {
	p, err := mapping.ReadProfiles(profileFiles, "profiles")
	if err != nil {
		panic(err) // they are part of the program, and a test reads them
	}
	return p
}

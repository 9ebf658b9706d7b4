package openapi

import _ "embed"

// YAML is the description, as it is served.
//
//go:embed openapi.yaml
var YAML []byte

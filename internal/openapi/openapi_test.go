package openapi_test

import (
	"testing"

	"sluice/internal/openapi/openapitest"
)

func TestLoads(t *testing.T) { openapitest.Load(t) }

//go:build tools

// Nothing is compiled of kubectl-validate: the tests read the schemas of Kubernetes that its module
// carries. This import keeps its version and checksum in go.mod and go.sum.
package deploytest

import _ "sigs.k8s.io/kubectl-validate/pkg/openapiclient/groupversion"

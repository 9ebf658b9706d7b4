// Package deploytest checks what Sluice is deployed with: the Dockerfile, the Helm chart, app.json
// and heroku.yml. `make lint` runs it. It is a module of its own, so that the app depends on
// neither Helm nor BuildKit.
//
// Nothing here needs a container engine, a cluster or a network beyond the package registries: the
// chart is linted and rendered by Helm's own packages, every document is checked against the
// schemas of Kubernetes 1.30 and the types of the Prometheus operator, alert expressions go through
// Prometheus' parser, and the Dockerfile through BuildKit's linter; its build commands are read
// from it and carried out in an empty folder.
package deploytest

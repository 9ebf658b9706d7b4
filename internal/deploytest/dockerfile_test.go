package deploytest

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

const dockerfile = "../../Dockerfile"

// lintDockerfile returns what is wrong with a Dockerfile: what BuildKit's parser and linter say,
// every experimental rule too, and the rules of this house. The stages are nil if it cannot be read
// at all.
func lintDockerfile(text []byte) (stages []instructions.Stage, problems []string) {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, []string{err.Error()}
	}
	for _, w := range parsed.Warnings {
		problems = append(problems, w.Short)
	}
	lint := linter.New(&linter.Config{ExperimentalAll: true, Warn: func(rule, _, _, message string, _ []parser.Range) {
		problems = append(problems, rule+": "+message)
	}})
	stages, _, err = instructions.Parse(parsed.AST, lint)
	if err != nil {
		return nil, append(problems, err.Error())
	}
	for i := range stages {
		problems = append(problems, lintStage(stages, i)...)
	}
	if n := len(stages); n > 0 {
		problems = append(problems, lintFinal(stages[n-1])...)
	}
	return stages, problems
}

var (
	pinned  = regexp.MustCompile(`^[a-z0-9./-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$`)
	secrets = regexp.MustCompile(`(?i)secret|password|token|private|credential`)
)

// lintStage: bases are pinned, variables are declared, copies come from where something is, no
// secret stays in a layer.
func lintStage(stages []instructions.Stage, i int) (problems []string) {
	s := stages[i]
	say := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("stage %d (%s): ", i, s.BaseName)+fmt.Sprintf(format, args...))
	}
	earlier := func(name string) bool {
		return slices.ContainsFunc(stages[:i], func(e instructions.Stage) bool { return strings.EqualFold(e.Name, name) })
	}
	if !earlier(s.BaseName) && !pinned.MatchString(s.BaseName) {
		say("the base is not pinned as name:tag@sha256:digest")
	}
	known := []string{"PATH=/bin"}
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.ArgCommand:
			for _, a := range c.Args {
				known = append(known, a.Key+"="+a.ValueString())
				if secrets.MatchString(a.Key) {
					say("ARG %s: a build argument stays in the image's history", a.Key)
				}
			}
		case *instructions.EnvCommand:
			for _, e := range c.Env {
				known = append(known, e.Key+"="+e.Value)
				if secrets.MatchString(e.Key) {
					say("ENV %s: a variable stays in the image", e.Key)
				}
			}
		case *instructions.AddCommand:
			say("ADD fetches and unpacks; use COPY")
		case *instructions.WorkdirCommand:
			if !strings.HasPrefix(c.Path, "/") {
				say("WORKDIR %s is relative", c.Path)
			}
		case *instructions.CopyCommand:
			if c.From != "" && !earlier(c.From) && !pinned.MatchString(c.From) {
				say("COPY --from=%s is no earlier stage", c.From)
			}
		}
		if e, ok := c.(instructions.SupportsSingleWordExpansion); ok {
			lex := shell.NewLex('\\')
			_ = e.Expand(func(word string) (string, error) {
				result, err := lex.ProcessWordWithMatches(word, shell.EnvsFromSlice(known))
				for name := range result.Unmatched {
					say("%s: ${%s} is declared nowhere in this stage", c.Name(), name)
				}
				return word, err
			})
		}
	}
	return problems
}

// lintFinal: what runs is no root, needs no shell, says how it is and what it is.
func lintFinal(s instructions.Stage) (problems []string) {
	user, health, entrypoint := "", []string(nil), []string(nil)
	labels := map[string]bool{}
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.HealthCheckCommand:
			health = c.Health.Test
		case *instructions.EntrypointCommand:
			entrypoint = c.CmdLine
			if c.PrependShell {
				problems = append(problems, "ENTRYPOINT wants a shell: write it as a list")
			}
		case *instructions.CmdCommand:
			if c.PrependShell {
				problems = append(problems, "CMD wants a shell: write it as a list")
			}
		case *instructions.RunCommand:
			problems = append(problems, "RUN in the last stage wants a shell")
		case *instructions.LabelCommand:
			for _, l := range c.Labels {
				labels[l.Key] = true
			}
		}
	}
	if uid, _, _ := strings.Cut(user, ":"); uid == "" || uid == "0" || !isNumber(uid) {
		problems = append(problems, fmt.Sprintf("USER %q: it must be a number and not 0, for Kubernetes to see that it is not root", user))
	}
	if len(health) < 2 || health[0] != "CMD" || len(entrypoint) == 0 || health[1] != entrypoint[0] {
		problems = append(problems, fmt.Sprintf("HEALTHCHECK %q does not ask the program itself, %q", health, entrypoint))
	}
	for _, label := range []string{"title", "description", "licenses", "version", "revision"} {
		if !labels["org.opencontainers.image."+label] {
			problems = append(problems, "no label org.opencontainers.image."+label)
		}
	}
	return problems
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 31)
	return err == nil
}

func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	stages, problems := lintDockerfile(text)
	for _, p := range problems {
		t.Error(p)
	}
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(module)
	if !slices.ContainsFunc(stages, func(s instructions.Stage) bool {
		return strings.HasPrefix(s.BaseName, "golang:"+string(version[1])+"-")
	}) {
		t.Errorf("no stage has the Go of go.mod, %s", version[1])
	}
}

// TestLintFindsFaults spoils the Dockerfile in one way after another.
func TestLintFindsFaults(t *testing.T) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ old, new, finds string }{
		{"USER 65532:65532\nEXPOSE", "EXPOSE", "USER"},
		{"USER 65532:65532\nEXPOSE", "USER nonroot\nEXPOSE", "USER"},
		{"USER 65532:65532\nEXPOSE", "USER 0\nEXPOSE", "USER"},
		{`CMD ["/sluice", "health"]`, "CMD curl -f http://localhost:8080/healthz", "HEALTHCHECK"},
		{`CMD ["serve"]`, "CMD serve", "CMD wants a shell"},
		{`ENTRYPOINT ["/sluice"]`, "ENTRYPOINT /sluice", "ENTRYPOINT wants a shell"},
		{"EXPOSE 8080 9090", "RUN chmod +x /sluice", "RUN in the last stage"},
		{"LABEL org.opencontainers.image.title", "LABEL title", "image.title"},
		{"WORKDIR /src\n", "WORKDIR src\n", "relative"},
		{"COPY --from=panel", "COPY --from=front", "no earlier stage"},
		{"COPY go.mod go.sum ./", "ADD go.mod go.sum ./", "ADD"},
		{"ARG REVISION=unknown\n", "", "REVISION"},
		{"ENV CGO_ENABLED=0", "ENV CGO_ENABLED=0 API_TOKEN=x", "API_TOKEN"},
		{"ENV CGO_ENABLED=0", "ENV CGO_ENABLED=0\nARG NPM_PASSWORD", "NPM_PASSWORD"},
		{"ENV CGO_ENABLED=0", "ENVIRONMENT CGO_ENABLED=0", "unknown instruction"},
		{"ENV CGO_ENABLED=0", "MAINTAINER someone", "MaintainerDeprecated"},
		{" AS panel", " AS Panel", "StageNameCasing"},
		{" AS panel", " as panel", "FromAsCasing"},
	}
	for _, tt := range tests {
		spoiled := strings.Replace(string(text), tt.old, tt.new, 1)
		if spoiled == string(text) {
			t.Errorf("%q is not in the Dockerfile", tt.old)
		}
		if _, problems := lintDockerfile([]byte(spoiled)); !strings.Contains(strings.Join(problems, "\n"), tt.finds) {
			t.Errorf("%q instead of %q is not found: %q", tt.new, tt.old, problems)
		}
	}
	unpinned := regexp.MustCompile(`@sha256:[0-9a-f]{64}`).ReplaceAll(text, nil)
	if _, problems := lintDockerfile(unpinned); len(problems) != 4 {
		t.Errorf("four bases are not pinned: %q", problems)
	}
}

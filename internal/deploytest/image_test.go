package deploytest

import (
	"bufio"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// testVersion is what the image is built as.
const testVersion = "9.9.9-test"

// builder carries out a Dockerfile's stages in folders. It knows what ours needs, and refuses all
// else.
type builder struct {
	t       *testing.T
	context string // what .dockerignore lets through, in a folder of its own
	args    map[string]string
	stages  []instructions.Stage
	roots   map[string]string // a stage's file system, by the stage's name
}

// build carries out a stage, those that it copies from first, and returns its file system.
func (b *builder) build(name string) string {
	b.t.Helper()
	if root, done := b.roots[name]; done {
		return root
	}
	i := slices.IndexFunc(b.stages, func(s instructions.Stage) bool { return s.Name == name })
	if i < 0 {
		b.t.Fatalf("there is no stage %q", name)
	}
	root := b.t.TempDir()
	b.roots[name] = root
	work, env := "/", os.Environ()
	for _, c := range b.stages[i].Commands {
		switch c := c.(type) {
		case *instructions.WorkdirCommand:
			work = c.Path
			b.do(os.MkdirAll(filepath.Join(root, work), 0o755))
		case *instructions.CopyCommand:
			b.copy(c, root, work)
		case *instructions.ArgCommand:
			for _, a := range c.Args {
				value, given := b.args[a.Key]
				if !given {
					value = a.ValueString()
				}
				env = append(env, a.Key+"="+value)
			}
		case *instructions.EnvCommand:
			for _, e := range c.Env {
				env = append(env, e.Key+"="+e.Value)
			}
		case *instructions.RunCommand:
			b.run(c, filepath.Join(root, work), env)
		case *instructions.LabelCommand, *instructions.UserCommand, *instructions.ExposeCommand, *instructions.HealthCheckCommand,
			*instructions.EntrypointCommand, *instructions.CmdCommand: // are about the image, not its files
		default:
			b.t.Fatalf("this test cannot carry out %s", c)
		}
	}
	return root
}

func (b *builder) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *builder) run(c *instructions.RunCommand, dir string, env []string) {
	b.t.Helper()
	if !c.PrependShell || len(c.CmdLine) != 1 {
		b.t.Fatalf("this test runs shell commands only, not %q", c.CmdLine)
	}
	start := time.Now()
	cmd := exec.CommandContext(b.t.Context(), "/bin/sh", "-c", c.CmdLine[0])
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("RUN %s: %v\n%s", c.CmdLine[0], err, out)
	}
	b.t.Logf("RUN %s: %.1f s", c.CmdLine[0], time.Since(start).Seconds())
}

func (b *builder) copy(c *instructions.CopyCommand, root, work string) {
	b.t.Helper()
	from := b.context
	if c.From != "" {
		from = b.build(c.From)
	}
	to := c.DestPath
	if !filepath.IsAbs(to) {
		to = filepath.Join(work, to) // Join drops the slash that makes a folder of it
	}
	to = filepath.Join(root, to)
	for _, source := range c.SourcePaths {
		path := filepath.Join(from, source)
		info, err := os.Stat(path)
		b.do(err)
		target := to
		switch {
		case info.IsDir(): // its content is copied
		case len(c.SourcePaths) > 1, strings.HasSuffix(c.DestPath, "/"):
			target = filepath.Join(to, filepath.Base(path))
		}
		b.do(copyTree(path, target, func(string) bool { return true }))
	}
}

// copyTree copies files and folders that take accepts by their path below from, over what is there.
func copyTree(from, to string, take func(rel string) bool) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if !take(rel) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, info.Mode().Perm())
	})
}

// buildContext is the work tree without what .dockerignore names, as a container engine would be
// sent it.
func buildContext(t *testing.T) string {
	t.Helper()
	file, err := os.Open("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	if matcher.Exclusions() {
		t.Fatal("with exceptions in .dockerignore, folders cannot be left out whole")
	}
	dir := t.TempDir()
	err = copyTree("../..", dir, func(rel string) bool {
		ignored, err := matcher.MatchesOrParentMatches(rel)
		return err == nil && (!ignored || rel == ".")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".git", "ui/web/node_modules", "ui/web/dist", "charts", "app/main_test.go"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s goes to the builder", name)
		}
	}
	return dir
}

// TestImage carries out the Dockerfile without a container engine: what its stages do with files,
// in empty folders, with this machine's Go, Node and npm. What comes out is static, and runs as a
// user who may write nothing, with documented variables only.
func TestImage(t *testing.T) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	stages, problems := lintDockerfile(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	b := &builder{t: t, context: buildContext(t), args: map[string]string{"VERSION": testVersion}, stages: stages, roots: map[string]string{}}
	root := b.build("")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the image has more than the program: %v", entries)
	}
	c := containerOf(stages[len(stages)-1], root)
	checkStatic(t, c.binary)
	letIn(t, filepath.Dir(root))
	if err := os.Chmod(root, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(root, 0o755) })
	c.try(t)
}

func checkStatic(t *testing.T, path string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is not static: %v", p.Type)
		}
	}
	if f.Section(".dynamic") != nil {
		t.Error("the program has a dynamic section")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the program has %.1f MB", float64(info.Size())/1e6)
	if info.Mode().Perm()&0o111 != 0o111 {
		t.Errorf("not everybody may run it: %v", info.Mode())
	}
}

// container is what an engine reads from the last stage.
type container struct {
	root, binary string
	args         []string // of the binary: the rest of ENTRYPOINT, then CMD
	health       []string // arguments of the health check
	uid, gid     uint32
	env          []string
}

func containerOf(s instructions.Stage, root string) *container {
	c := &container{root: root}
	var command []string
	for _, i := range s.Commands {
		switch i := i.(type) {
		case *instructions.EntrypointCommand:
			c.binary, c.args = filepath.Join(root, i.CmdLine[0]), i.CmdLine[1:]
		case *instructions.CmdCommand:
			command = i.CmdLine
		case *instructions.HealthCheckCommand:
			c.health = i.Health.Test[2:]
		case *instructions.UserCommand:
			uid, gid, _ := strings.Cut(i.User, ":")
			u, _ := strconv.ParseUint(uid, 10, 31)
			g, _ := strconv.ParseUint(gid, 10, 31)
			c.uid, c.gid = uint32(u), uint32(g)
		}
	}
	c.args = append(c.args, command...)
	return c
}

// command runs the program as the image's user if this test may choose, with c.env alone.
func (c *container) command(args ...string) *exec.Cmd {
	cmd := exec.Command(c.binary, args...)
	cmd.Dir, cmd.Env = c.root, c.env
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.uid, Gid: c.gid}}
	}
	return cmd
}

// try starts the program, looks at it and stops it.
func (c *container) try(t *testing.T) {
	t.Helper()
	c.env = []string{}
	if out, err := c.command("--version").CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != testVersion {
		t.Errorf("--version says %q, %v", out, err)
	}
	data := t.TempDir() // what a volume would be
	letIn(t, filepath.Dir(data))
	if os.Geteuid() == 0 {
		if err := os.Chown(data, int(c.uid), int(c.gid)); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	c.env = []string{
		"BIGCOMMERCE_CLIENT_ID=id", "BIGCOMMERCE_CLIENT_SECRET=secret", "APP_URL=https://sluice.example.com",
		"ENCRYPTION_KEYS=" + strings.Repeat("61", 32), "DATABASE_URL=sqlite:" + filepath.Join(data, "sluice.db"), "PORT=" + port,
	}
	known := readmeVariables(t)
	for _, v := range c.env {
		if name, _, _ := strings.Cut(v, "="); !slices.Contains(known, name) {
			t.Errorf("%s is not documented", name)
		}
	}
	if out, err := c.command(c.health...).CombinedOutput(); err == nil {
		t.Errorf("the health check is content before the program runs: %s", out)
	}

	cmd := c.command(c.args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	rest := untilServing(t, stderr)
	if uid := userOf(t, cmd.Process.Pid); uid == "0" {
		t.Error("it runs as root")
	}
	response, err := http.Get("http://127.0.0.1:" + port + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("GET /healthz: %s %s", response.Status, body)
	}
	if out, err := c.command(c.health...).CombinedOutput(); err != nil {
		t.Errorf("the health check: %v %s", err, out)
	}
	page, err := http.Get("http://127.0.0.1:" + port + "/load")
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	log, _ := io.ReadAll(rest)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, log)
	}
	if strings.Contains(string(log), "panel is not built") {
		t.Error("the panel is not in the program")
	}
	if out, err := c.command(c.health...).CombinedOutput(); err == nil {
		t.Errorf("the health check is content after the program ended: %s", out)
	}
	if entries, _ := os.ReadDir(c.root); len(entries) != 1 {
		t.Errorf("it wrote into the image: %v", entries)
	}
}

// letIn lets another user pass through a temporary folder of this test, down from the machine's.
func letIn(t *testing.T, dir string) {
	t.Helper()
	for ; strings.HasPrefix(dir, filepath.Clean(os.TempDir())+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// untilServing reads the log until the program says that it serves, and returns the rest of it.
func untilServing(t *testing.T, log io.Reader) io.Reader {
	t.Helper()
	lines := bufio.NewReader(log)
	var seen strings.Builder
	for {
		line, err := lines.ReadString('\n')
		seen.WriteString(line)
		if err != nil {
			t.Fatalf("it does not serve: %v\n%s", err, seen.String())
		}
		var entry struct{ Msg string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
			if strings.Contains(seen.String(), "panel is not built") {
				t.Error("the panel is not in the program")
			}
			return lines
		}
	}
}

// userOf is a process's effective user.
func userOf(t *testing.T, pid int) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			return strings.Fields(ids)[1]
		}
	}
	t.Fatal("no user in " + string(status))
	return ""
}

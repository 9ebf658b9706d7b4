package testenv

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// APIProxy returns the address at which tests should call the API at upstream: upstream itself, or
// a proxy before it that checks what passes.
//
// SLUICE_TEST_API_PROXY is the command line of such a proxy, split at spaces, in which {listen}
// (host:port) and {upstream} (base URL) are filled in. It runs until the end of the test, which
// fails if the proxy then ends with anything but 0: that is how it says that traffic departed from
// BigCommerce's own description. app/testdata/departures.txt lists the departures that are known,
// with their reasons.
func APIProxy(t testing.TB, upstream string) string {
	t.Helper()
	line := os.Getenv("SLUICE_TEST_API_PROXY")
	if line == "" {
		return upstream
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	args := strings.Fields(strings.NewReplacer("{listen}", address, "{upstream}", upstream).Replace(line))
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("SLUICE_TEST_API_PROXY: %v", err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("SLUICE_TEST_API_PROXY: %v", err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("SLUICE_TEST_API_PROXY: the proxy found faults: %v", err)
		}
	})
	Eventually(t, "the proxy before the API", func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return (&url.URL{Scheme: "http", Host: address}).String()
}

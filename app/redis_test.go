package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"sluice/internal/testenv"
)

// selfSigned makes a certificate for 127.0.0.1 that nobody signed, as Heroku's Redis has, and its
// PEM file.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func TestRedisOverTLS(t *testing.T) {
	certificate, caFile := selfSigned(t)
	_, strangers := selfSigned(t)
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.RequireUserAuth("app", "p@ss/word")
	address := "rediss://" + server.Addr()
	tests := []struct {
		name string
		cfg  RedisConfig
		want string // a part of the error, "" if it connects
	}{
		{"the certificate is not trusted", RedisConfig{RedisURL: address}, "REDIS_CA_FILE"},
		{"signed by another", RedisConfig{RedisURL: address, RedisCAFile: strangers}, "not trusted"},
		{"its authority is known", RedisConfig{RedisURL: address, RedisCAFile: caFile}, ""},
		{"any certificate", RedisConfig{RedisURL: address, RedisSkipVerify: true}, ""},
		{"any certificate, by the address", RedisConfig{RedisURL: address + "?skip_verify=true"}, ""},
		{"no such file", RedisConfig{RedisURL: address, RedisCAFile: noPEM + "x"}, "cannot be read"},
		{"a file without a certificate", RedisConfig{RedisURL: address, RedisCAFile: noPEM}, "no certificate"},
		{"a wrong password", RedisConfig{RedisURL: address, RedisCAFile: caFile, RedisPassword: "hunter2"}, "refuses the password"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.RedisUsername, tt.cfg.RedisShards = "app", 1
			if tt.cfg.RedisPassword == "" {
				tt.cfg.RedisPassword = "p@ss/word"
			}
			_, closeRedis, err := openRedis(t.Context(), tt.cfg, slog.New(slog.DiscardHandler))
			if err == nil {
				closeRedis()
			}
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Fatalf("%v, want %q", err, tt.want)
			case err != nil && (strings.Contains(err.Error(), "p@ss") || strings.Contains(err.Error(), "hunter2")):
				t.Fatalf("the error says a password: %v", err)
			}
		})
	}
}

// TestRedisLogin: the variables go before what the address says, in each of its three forms.
func TestRedisLogin(t *testing.T) {
	cfg := RedisConfig{RedisUsername: "app", RedisPassword: "p@ss", RedisSentinelPassword: "s@ss", RedisPoolSize: 7, RedisShards: 1}
	for address, pool := range map[string]int{
		"redis://old:old@127.0.0.1:1/3":                                        7,
		"redis://127.0.0.1:1?pool_size=5":                                      5,
		"redis://127.0.0.1:1?addr=127.0.0.1:2":                                 7,
		"redis://:old@127.0.0.1:1?master_name=m&addr=127.0.0.1:2&password=old": 7,
	} {
		cfg.RedisURL = address
		client, err := cfg.client()
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		defer client.Close()
		var username, password string
		var size int
		switch c := client.(type) {
		case *redis.Client:
			username, password, size = c.Options().Username, c.Options().Password, c.Options().PoolSize
		case *redis.ClusterClient:
			username, password, size = c.Options().Username, c.Options().Password, c.Options().PoolSize
		}
		if username != "app" || password != "p@ss" || size != pool {
			t.Errorf("%s: %s, %s and %d connections", address, username, password, size)
		}
	}
}

// TestRedisThroughSentinel: the program follows a failover, and finds master and Sentinel behind
// passwords that an address could not hold as they are.
func TestRedisThroughSentinel(t *testing.T) {
	t.Parallel()
	s, ok := testenv.RealRedisSentinel(t)
	if !ok {
		return
	}
	cfg := RedisConfig{
		RedisURL:      "redis://" + s.Addr + "?master_name=" + testenv.SentinelMaster,
		RedisPassword: s.Password, RedisSentinelPassword: s.SentinelPassword, RedisShards: 1,
	}
	client, closeRedis, err := openRedis(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeRedis()
	port := func() string {
		got, err := client.ConfigGet(t.Context(), "port").Result()
		if err != nil {
			return ""
		}
		return got["port"]
	}
	before := port()
	s.Failover(t)
	testenv.Eventually(t, "a write at the new master", func() bool {
		now := port()
		return now != "" && now != before && client.Set(t.Context(), "k", "v", 0).Err() == nil
	})

	cfg.RedisSentinelPassword = "hunter2"
	if _, _, err := openRedis(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("with a wrong password for the Sentinel: %v", err)
	}
}

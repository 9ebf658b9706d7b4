package publicnet

import (
	"context"
	"net/netip"
	"testing"
)

func TestPublic(t *testing.T) {
	tests := map[string]bool{
		"1.1.1.1": true, "93.184.216.34": true, "2606:4700::1111": true, "::ffff:1.1.1.1": true, "64:ff9b::101:101": true,
		"127.0.0.1": false, "127.8.9.1": false, "::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "172.32.0.1": true, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "2606:4700::1111%eth0": false,
		"100.64.0.1": false, "100.100.100.200": false, "100.128.0.1": true,
		"192.0.0.192": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.7": false, "203.0.113.7": false,
		"224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false,
		"fc00::1": false, "fd00:ec2::254": false, "fec0::1": false, "ff02::1": false, "2001:db8::1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::": false,
		"2001::1": false, "100::1": false,
	}
	for text, want := range tests {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("public(%s) = %v", text, got)
		}
	}
}

func TestControl(t *testing.T) {
	g := Guard{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}}
	ctx := func(scheme string) context.Context { return context.WithValue(t.Context(), schemeKey{}, scheme) }
	tests := []struct {
		scheme, network, address string
		ok                       bool
	}{
		{"https", "tcp4", "1.1.1.1:443", true},
		{"http", "tcp4", "1.1.1.1:80", false},
		{"", "tcp4", "1.1.1.1:443", false},
		{"https", "tcp4", "10.1.2.3:443", true},
		{"http", "tcp4", "10.1.2.3:80", true},
		{"http", "tcp6", "[::ffff:10.1.2.3]:80", true},
		{"http", "tcp6", "[fd00::1]:80", true},
		{"https", "tcp4", "10.2.0.1:443", false},
		{"https", "udp4", "1.1.1.1:443", false},
		{"https", "unix", "/var/run/docker.sock", false},
		{"https", "tcp4", "example.com:443", false},
	}
	for _, tt := range tests {
		if err := g.control(ctx(tt.scheme), tt.network, tt.address, nil); (err == nil) != tt.ok {
			t.Errorf("%s %s %s: %v", tt.scheme, tt.network, tt.address, err)
		}
	}
}

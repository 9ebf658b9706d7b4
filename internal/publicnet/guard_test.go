package publicnet

import (
	"context"
	"net/netip"
	"testing"
)

func TestPublic(t *testing.T) {
	for _, text := range []string{
		"1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1", "168.63.129.15", "168.63.129.17",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "192.0.1.1", "2606:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "2003::1", "2001:200::1",
	} {
		if !public(netip.MustParseAddr(text)) {
			t.Errorf("%s is not public", text)
		}
	}
	for name, texts := range map[string][]string{
		"IPv4 registry": {
			"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.9.1", "169.254.1.1", "172.16.0.1", "172.31.255.255",
			"192.0.0.1", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1", "198.19.255.255",
			"198.51.100.7", "203.0.113.7", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
		},
		"IPv6 registry": {
			"::", "::1", "100::1", "100:0:0:1::1", "2001::1", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:20::1", "2001:30::1",
			"2001:1ff:ffff::1", "2001:db8::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
		},
		"not given out": {"200::1", "400::1", "1000::1", "1fff::1", "3ffe::1", "4000::1", "8000::1", "c000::1", "e000::1", "f000::1", "fa00::1"},
		"zone":          {"fe80::1%eth0", "2606:4700::1111%eth0"},
		"host services": {
			"169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
			"fd00:42::42", "fd00:c1::a9fe:a9fe", "fe80::a9fe:a9fe",
		},
		"disguises": {
			"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:1.1.1.1", "::127.0.0.1", "::1.1.1.1", "::ffff:0:7f00:1",
			"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::101:101", "64:ff9b:1::1", "64:ff9b:1:0:a9fe:a9fe::", "2002:7f00:1::", "2002:101:101::1",
			"2001:0:4136:e378:8000:63bf:3fff:fdd2", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a9fe:a9fe", "2606:4700::5efe:101:101", "fe80::5efe:a00:1",
		},
	} {
		for _, text := range texts {
			if public(netip.MustParseAddr(text)) {
				t.Errorf("%s: %s is public", name, text)
			}
		}
	}
}

// TestHostServicesHaveToBeNamed: an operator who opens a network, or everything, does not open what
// a cloud tells its machines.
func TestHostServicesHaveToBeNamed(t *testing.T) {
	everything := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, text := range []string{
		"169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe",
		"::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "fd00::5efe:a9fe:a9fe", "::ffff:168.63.129.16",
	} {
		a := netip.MustParseAddr(text)
		if (Guard{AllowPrivate: everything}).allowed(a) {
			t.Errorf("%s is open to a range", text)
		}
		named := append([]netip.Prefix{netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())}, everything...)
		for _, inside := range hidden(a) {
			named = append(named, netip.PrefixFrom(inside, 32))
		}
		if !(Guard{AllowPrivate: named}).allowed(a) {
			t.Errorf("%s is refused though it is named", text)
		}
	}
	for _, text := range []string{"10.0.0.1", "127.0.0.1", "fd12::1", "::1", "100.64.0.1"} {
		if !(Guard{AllowPrivate: everything}).allowed(netip.MustParseAddr(text)) {
			t.Errorf("%s is refused though its network is allowed", text)
		}
	}
}

// FuzzPublic holds every address against the rule in other words.
func FuzzPublic(f *testing.F) {
	for _, text := range []string{"1.1.1.1", "::ffff:10.0.0.1", "2606:4700::1111", "2002:7f00:1::", "64:ff9b::1", "fd00:ec2::254", "2606:4700::5efe:7f00:1"} {
		f.Add(netip.MustParseAddr(text).AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok || !public(a) {
			return
		}
		switch {
		case !a.IsGlobalUnicast(), a.IsPrivate(), a.IsLoopback(), a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsUnspecified(), a.Is4In6():
			t.Fatalf("%s is public", a)
		case a.Is6() && (b[0]>>5 != 1 || b[0] == 0x20 && (b[1] == 2 || b[1] == 1 && b[2] < 2)):
			t.Fatalf("%s is public", a)
		}
	})
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
		{"https", "tcp4", "168.63.129.16:443", false},
		{"https", "tcp6", "[fd00:ec2::254]:443", false},
		{"https", "tcp6", "[64:ff9b::101:101]:443", false},
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

package products

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Prepare puts the address of the pictures before names that are no whole addresses, and leaves out
// what BigCommerce would refuse as an address. It asks nobody for pictures: one that is not there is
// found out by BigCommerce. Channels become ids.
func (products) Prepare(ctx context.Context, s *flow.Step, rows []*upsert.Row) error {
	run := s.Run()
	p := pictures{base: strings.TrimSpace(run.Options.Text(optionImageBase)), fails: failing(run.Mapping)}
	for _, row := range rows {
		p.row(row)
		warnOfFree(row)
	}
	return prepareChannels(ctx, s, rows)
}

// KeepsKeys is part of upsert.KeepsKeys.
func (products) KeepsKeys() {}

// failing are the targets of which a value that cannot be used fails the row.
func failing(m tenants.Mapping) map[string]bool {
	out := make(map[string]bool)
	for _, f := range m.Fields {
		out[f.Target] = f.Bad == tenants.BadFails
	}
	return out
}

// pictures completes the addresses of a run's pictures.
type pictures struct {
	base  string
	fails map[string]bool
}

func (p pictures) row(row *upsert.Row) {
	if images, has := row.Fields[fieldImages]; has {
		list := partsOf(images)
		if left := p.images(row, list); len(left) > 0 || len(list) == 0 {
			row.Fields[fieldImages] = listed(left)
		} else {
			delete(row.Fields, fieldImages)
		}
	}
	variants := partsOf(row.Fields[fieldVariants])
	for _, v := range variants {
		name := upsert.Text(v["image_url"])
		if name == "" {
			continue
		}
		address, wrong := p.address(name)
		if wrong != "" {
			p.tell(row, variantPrefix+"image", variantName(v)+": "+wrong, name)
			delete(v, "image_url")
			continue
		}
		v["image_url"] = address
	}
}

// images returns those whose addresses can be used, each address once.
func (p pictures) images(row *upsert.Row, images []object) (out []object) {
	seen := make(map[string]bool)
	for _, image := range images {
		name := upsert.Text(image["image_url"])
		address, wrong := p.address(name)
		if wrong != "" {
			p.tell(row, targetImages, wrong, name)
			continue
		}
		if seen[address] {
			continue
		}
		seen[address] = true
		image["image_url"] = address
		out = append(out, image)
	}
	if len(out) < len(images) && len(out) > 0 && !slices.ContainsFunc(out, func(o object) bool { return o["is_thumbnail"] == true }) {
		out[0]["is_thumbnail"] = true
	}
	return out
}

func (p pictures) tell(row *upsert.Row, target, message, value string) {
	if p.fails[target] {
		row.Refuse(target, message, value)
		return
	}
	row.Warn(target, message+". It is left out", value)
}

// address is what BigCommerce is given for a name, or what is wrong with it.
func (p pictures) address(name string) (address, wrong string) {
	address = strings.TrimSpace(name)
	switch {
	case strings.HasPrefix(address, "//"):
		address = "https:" + address
	case !mapping.HasScheme(address) && p.base != "":
		address = strings.TrimRight(p.base, "/") + "/" + strings.TrimLeft(address, "/")
	}
	address = strings.ReplaceAll(address, " ", "%20")
	u, err := url.Parse(address)
	switch {
	case !mapping.HasScheme(address):
		return "", fmt.Sprintf("the picture %s is no whole address: give the address of the pictures in the rules of the sync", expression.Quote(expression.Clip(name, 80)))
	case err != nil || u.Host == "":
		return "", fmt.Sprintf("the picture %s is no address that BigCommerce can load from: it begins with https:// and a host", expression.Quote(expression.Clip(name, 80)))
	}
	if n := utf8.RuneCountInString(address); n > bigcommerce.MaxImageURL {
		return "", fmt.Sprintf("the picture's address has %d characters; the limit is %d", n, bigcommerce.MaxImageURL)
	}
	return address, ""
}

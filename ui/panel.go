package ui

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

// What the built index.html has for us to replace; web/vite.config.ts and web/index.html put them
// there.
const (
	noncePlaceholder   = "__CSP_NONCE__"
	sessionPlaceholder = "<!--SLUICE_SESSION-->"
)

// Panel writes the panel's page and serves its assets.
type Panel struct {
	index          []byte
	assets         fs.FS           // nil when the panel is not built
	hashed         map[string]bool // the files of assets that are served
	frameAncestors []string
	version        string
	log            *slog.Logger
	reports        *reportLimits
}

// hashedName is how the build names what it makes from the front end's sources: a hash of the
// content stands before the ending, so that what has the name never changes.
var hashedName = regexp.MustCompile(`^[A-Za-z0-9_.-]+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$`)

// NewPanel reads the front end from assets (nil: not built). frameAncestors are the origins that
// may frame the page, see auth.FrameAncestors.
func NewPanel(assets fs.FS, frameAncestors []string, version string, log *slog.Logger) (*Panel, error) {
	p := &Panel{frameAncestors: frameAncestors, hashed: map[string]bool{}, version: version, log: log}
	if assets == nil {
		return p, nil
	}
	index, err := fs.ReadFile(assets, "index.html")
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(index, []byte(noncePlaceholder)) || !bytes.Contains(index, []byte(sessionPlaceholder)) {
		return nil, errors.New("ui: the built index.html lacks its placeholders: build the panel again with make")
	}
	files, err := fs.ReadDir(assets, "assets")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if file.Type().IsRegular() && hashedName.MatchString(file.Name()) {
			p.hashed[file.Name()] = true
		}
	}
	p.index, p.assets = index, assets
	return p, nil
}

// pageSession is the JSON in the page's #sluice-session element.
type pageSession struct {
	auth.PanelSession
	Version string `json:"version"`
}

// Page answers with the panel, session in it. It is an auth.PanelPage.
func (p *Panel) Page(c *gin.Context, session auth.PanelSession) error {
	if p.index == nil {
		return problem.New(problem.Unavailable, "The panel is not built into this program. Build it with `make` instead of `go build`; the API works all the same.")
	}
	// json.Marshal escapes <, > and &, so the element cannot be closed from inside.
	data, err := json.Marshal(pageSession{session, p.version})
	if err != nil {
		return err
	}
	nonce := rand.Text()
	element := `<script type="application/json" id="sluice-session" nonce="` + nonce + `">` + string(data) + `</script>`
	page := bytes.ReplaceAll(p.index, []byte(noncePlaceholder), []byte(nonce))
	page = bytes.Replace(page, []byte(sessionPlaceholder), []byte(element), 1)
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", p.policy(nonce, session.StoreHash))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Del("X-Frame-Options") // which names no origins; the policy does
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	c.Data(http.StatusOK, "text/html; charset=utf-8", page)
	return nil
}

// storePictures is where BigCommerce keeps the pictures of stores' products, as its answers name it.
const storePictures = "https://cdn11.bigcommerce.com https://cdn8.bigcommerce.com"

// policy is the page's Content-Security-Policy. Everything comes from our own origin or carries the
// nonce; the store's own control panel alone may frame it.
func (p *Panel) policy(nonce, storeHash string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'nonce-" + nonce + "'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"font-src 'self'",
		"img-src 'self' data: " + storePictures,
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"object-src 'none'",
		"frame-ancestors " + auth.FrameAncestors(p.frameAncestors, storeHash),
		"report-uri /csp-report",
	}, "; ")
}

const (
	// maxReport bounds a violation report; browsers send some 1 KB.
	maxReport = 16 << 10
	// maxReportField is how much of each of its fields is logged, in characters.
	maxReportField = 200
)

// reportLimits bound the reports that are logged: anybody may send one.
type reportLimits struct {
	limiter         *ratelimit.Limiter
	perAddress, all *ratelimit.Limit
}

// LimitReports bounds what violation reports add to the log. Call it before Register.
func (p *Panel) LimitReports(limiter *ratelimit.Limiter, l *limits.Limits) {
	all := l.Rate(limits.ReportRate)
	p.reports = &reportLimits{limiter: limiter, all: all,
		perAddress: &ratelimit.Limit{Name: "csp-report-address", Every: 10 * all.Every, Burst: max(1, all.Burst/10)}}
}

// logged reports whether there is room in the log for a report of c's address.
func (r *reportLimits) logged(c *gin.Context) bool {
	return r == nil || r.limiter.Wait(r.perAddress, "", ratelimit.Address(c)) == 0 && r.limiter.Wait(r.all, "", netip.Addr{}) == 0
}

// Register mounts the assets and the address that takes violation reports.
func (p *Panel) Register(r gin.IRouter) {
	r.POST("/csp-report", p.report)
	if p.assets == nil {
		return
	}
	r.GET("/assets/*path", p.asset)
}

// asset answers with a file of the build, by its very name: there are no lists, and no other files.
func (p *Panel) asset(c *gin.Context) {
	name := strings.TrimPrefix(c.Param("path"), "/")
	c.Header("X-Content-Type-Options", "nosniff")
	if !p.hashed[name] {
		// Not to be remembered: while a release is rolled out some processes do not have its files yet.
		c.Header("Cache-Control", "no-store")
		problem.Write(c, problem.New(problem.NotFound, "There is no such file of the panel. Reload the page."))
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(c.Writer, c.Request, p.assets, "assets/"+name)
}

// report logs a Content-Security-Policy violation: what was blocked, never the page's address,
// which has a signed payload in its query.
func (p *Panel) report(c *gin.Context) {
	var body struct {
		Report struct {
			Directive string `json:"effective-directive"`
			Blocked   string `json:"blocked-uri"`
			Source    string `json:"source-file"`
			Line      int    `json:"line-number"`
		} `json:"csp-report"`
	}
	if err := limits.Body(c, maxReport); err != nil {
		problem.Write(c, err)
		return
	}
	if err := json.NewDecoder(c.Request.Body).Decode(&body); err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	r := body.Report
	if p.reports.logged(c) {
		p.log.WarnContext(c.Request.Context(), "content security policy violation",
			"directive", tenants.Clean(r.Directive, maxReportField), "blocked", withoutQuery(r.Blocked), "source", withoutQuery(r.Source), "line", r.Line)
	}
	c.Status(http.StatusNoContent)
}

func withoutQuery(uri string) string {
	before, _, _ := strings.Cut(uri, "?")
	return tenants.Clean(before, maxReportField)
}

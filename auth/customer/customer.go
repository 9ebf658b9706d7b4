package customer

import (
	"log/slog"

	"github.com/gin-gonic/gin"
)

// Config is what the storefront's endpoints need to know.
type Config struct {
	Log *slog.Logger
}

// Service answers the storefront's endpoints. Its methods are safe for concurrent use.
type Service struct {
	cfg Config
}

// New checks cfg and returns a Service.
func New(cfg Config) (*Service, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Service{cfg: cfg}, nil
}

// Register mounts the storefront's endpoints.
func (s *Service) Register(r gin.IRouter) {
	r.GET("/storefront/:store_hash/sluice.js", s.script)
	r.HEAD("/storefront/:store_hash/sluice.js", s.script)
}

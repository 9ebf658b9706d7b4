package auth

import (
	"log/slog"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// Register mounts BigCommerce's four callbacks.
func (a *Auth) Register(r gin.IRouter) {
	r.GET("/auth", a.install)
	r.GET("/load", a.load)
	server := r.Group("", problem.Middleware(a.cfg.Log))
	server.GET("/uninstall", a.logRefusal("uninstall"), a.uninstall)
	server.GET("/remove_user", a.logRefusal("remove_user"), a.removeUser)
}

// logRefusal logs why BigCommerce's server-side callbacks were refused: nobody sees their answers.
func (a *Auth) logRefusal(callback string) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		if last := c.Errors.Last(); last != nil && !c.IsAborted() { // aborted: too often, which is counted, not logged
			a.cfg.Log.LogAttrs(c.Request.Context(), slog.LevelWarn, "callback refused",
				slog.String("callback", callback), slog.String("code", string(problem.CodeOf(last.Err))), slog.String("reason", last.Err.Error()))
		}
	}
}

package site

import "transom/internal/module"

// htaccess applies the .htaccess file of a directory if AllowOverride admits any.
func (s *Site) htaccess(r *module.Request, at *step, dir string) (*step, error) {
	return at, nil
}

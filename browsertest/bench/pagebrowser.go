package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// engine is a browser that opens a page and needs nobody to drive it.
type engine struct {
	name    string
	program string
	args    func(profile string) []string // before the address
	prefs   string                        // user.js of the profile
}

// The flags and preferences keep a browser quiet and off the network, and leave
// timers and everything else that is measured as users have it.
var engines = []engine{
	{
		name:    "Chromium",
		program: "chromium",
		args: func(profile string) []string {
			return []string{
				"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
				"--disable-background-networking", "--disable-component-update", "--disable-default-apps",
				"--disable-dev-shm-usage", "--disable-extensions", "--disable-breakpad", "--disable-quic",
				"--disable-sync", "--metrics-recording-only", "--password-store=basic", "--user-data-dir=" + profile,
			}
		},
	},
	{
		name:    "Firefox",
		program: "firefox-esr",
		args: func(profile string) []string {
			return []string{"--headless", "--no-remote", "--profile", profile}
		},
		prefs: `user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("network.proxy.no_proxies_on", "127.0.0.1");
user_pref("network.proxy.allow_hijacking_localhost", false);
user_pref("services.settings.server", "");
user_pref("toolkit.telemetry.enabled", false);
`,
	},
}

var majorVersion = regexp.MustCompile(`[0-9]+`)

// version returns the major version. It fails where the browser is not installed.
func (e *engine) version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, e.program, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%w (.ci/deps.sh bench installs it)", err)
	}
	return majorVersion.FindString(string(out)), nil
}

// browser is one that runs.
type browser struct {
	cmd   *exec.Cmd
	stop  context.CancelFunc
	ended chan struct{} // closed when it has
}

// open starts the browser with a new profile, in that directory, and an address.
func (e *engine) open(profile, url string) (*browser, error) {
	if err := os.MkdirAll(profile, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(e.prefs), 0o600); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &browser{stop: stop, ended: make(chan struct{})}
	b.cmd = exec.CommandContext(ctx, e.program, append(e.args(profile), url)...)
	// What it leaves behind goes with the profile.
	b.cmd.Env = append(os.Environ(), "HOME="+profile, "TMPDIR="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	b.cmd.Cancel = func() error { return b.cmd.Process.Signal(syscall.SIGTERM) }
	b.cmd.WaitDelay = 10 * time.Second
	if err := b.cmd.Start(); err != nil {
		stop()
		return nil, err
	}
	go func() { // ends with the browser, for which close waits
		defer close(b.ended)
		b.cmd.Wait() // how it ends does not matter once the page has reported
	}()
	return b, nil
}

func (b *browser) close() {
	b.stop()
	<-b.ended
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// profileSeconds is how long the CPU profile of a load is taken.
const profileSeconds = 5

// profile writes CPU and heap profiles of our server under each of the loads, and
// prints where they are.
func profile(ctx context.Context, loads []load, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, l := range loads {
		name := strings.NewReplacer(" ", "-", ",", "").Replace(l.Name)
		if err := profileLoad(ctx, &l, filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("%s: %w", l.Name, err)
		}
	}
	fmt.Println(dir)
	return nil
}

func profileLoad(ctx context.Context, l *load, prefix string) error {
	s, err := start(ctx, ours, l.Kind)
	if err != nil {
		return err
	}
	defer s.stop()
	failed := make(chan error, 1)
	go func() { // ends with the profile, which is taken meanwhile
		failed <- s.save(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%d", profileSeconds), prefix+".cpu.pprof")
	}()
	// The closed loop lasts longer than the profile, which so shows nothing else.
	_, err = l.run(ctx, l, s, durations{warmUp: time.Second, closed: profileSeconds * time.Second, open: time.Millisecond})
	if profileErr := <-failed; err == nil {
		err = profileErr
	}
	if err != nil {
		return err
	}
	return s.save(ctx, "/debug/pprof/heap", prefix+".heap.pprof")
}

func (s *process) save(ctx context.Context, path, file string) error {
	data, err := s.fetch(ctx, path)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

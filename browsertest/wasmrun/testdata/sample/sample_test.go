// Package sample is run by the tests of wasmrun.
package sample

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestPasses(t *testing.T) {
	fmt.Println("variable:", os.Getenv("ISOSOCKET_SAMPLE"))
}

func TestFails(t *testing.T) { t.Fail() }

func TestPanics(*testing.T) {
	go panic("on purpose")
	select {}
}

func TestExits(*testing.T) { os.Exit(42) }

func TestHangs(*testing.T) { select {} }

func TestSpeaksAndHangs(*testing.T) {
	fmt.Println("I am alive")
	select {}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(" two"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "b"))
	if err != nil || string(content) != "one two" {
		t.Fatalf("%q %v", content, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("testdata/fuzz/FuzzCorpus")
	if err != nil || len(entries) != 1 || entries[0].Name() != "seed" {
		t.Fatal(entries, err)
	}
}

func FuzzCorpus(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		if s != "seed" {
			t.Fatalf("%q", s)
		}
	})
}

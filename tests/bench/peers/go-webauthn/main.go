// SPDX-License-Identifier: Apache-2.0

// usage: peer CASES SECONDS: verifies each case of CASES over and over and prints, a JSON object a line, how many
// times a second of processor time. One goroutine.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"syscall"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
)

const rounds = 5

type ceremony struct {
	Name      string          `json:"name"`
	Kind      string          `json:"kind"`
	RPID      string          `json:"rp_id"`
	Origin    string          `json:"origin"`
	Challenge string          `json:"challenge_b64url"`
	Response  json.RawMessage `json:"response"`
	PublicKey string          `json:"credential_public_key_b64url"`

	key   []byte
	rates []float64
	err   error
}

var parameters = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: -7},
	{Type: protocol.PublicKeyCredentialType, Algorithm: -8},
	{Type: protocol.PublicKeyCredentialType, Algorithm: -257},
}

// Without a metadata service go-webauthn verifies statements, not certification paths.
func (c *ceremony) verify() error {
	origins := []string{c.Origin}
	if c.Kind == "registration" {
		parsed, err := protocol.ParseCredentialCreationResponseBytes(c.Response)
		if err != nil {
			return err
		}
		_, err = parsed.Verify(c.Challenge, c.RPID, origins, nil, nil, protocol.TopOriginExplicitVerificationMode,
			false, false, true, nil, parameters, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(c.Response)
	if err != nil {
		return err
	}
	return parsed.Verify(c.Challenge, c.RPID, "", origins, nil, nil, protocol.TopOriginExplicitVerificationMode,
		false, false, true, c.key, protocol.SignaturePolicy{})
}

// processorTime is that of all threads: the garbage collector's counts.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func (c *ceremony) round(share time.Duration) (float64, error) {
	before := processorTime()
	count := 0
	for end := time.Now().Add(share); time.Now().Before(end); count++ {
		if err := c.verify(); err != nil {
			return 0, err
		}
	}
	return float64(count) / (processorTime() - before).Seconds(), nil
}

func read(path string) ([]*ceremony, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var list []*ceremony
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		c := new(ceremony)
		if err := json.Unmarshal(lines.Bytes(), c); err != nil {
			return nil, err
		}
		if c.key, err = base64.RawURLEncoding.DecodeString(c.PublicKey); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, lines.Err()
}

func version() string {
	if info, found := debug.ReadBuildInfo(); found {
		for _, module := range info.Deps {
			if module.Path == "github.com/go-webauthn/webauthn" {
				return module.Version
			}
		}
	}
	return "unknown"
}

func run(path string, seconds float64) error {
	list, err := read(path)
	if err != nil {
		return err
	}
	share := time.Duration(seconds / float64(len(list)*rounds) * float64(time.Second))
	for i := 0; i < rounds; i++ {
		for _, c := range list {
			rate := 0.0
			if c.err == nil {
				rate, c.err = c.round(share)
			}
			c.rates = append(c.rates, rate)
		}
	}
	for _, c := range list {
		result := map[string]any{"peer": "go-webauthn", "version": version(), "case": c.Name}
		sort.Float64s(c.rates)
		if c.err != nil {
			result["error"] = c.err.Error()
		} else {
			result["a_second"] = c.rates[rounds/2]
		}
		line, err := json.Marshal(result)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	return nil
}

func main() {
	runtime.GOMAXPROCS(1)
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: peer CASES SECONDS")
		os.Exit(2)
	}
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	if err == nil {
		err = run(os.Args[1], seconds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

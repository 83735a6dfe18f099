package prove

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestTheTimeOfAnAnswerTellsWhatItShould draws the differences of pairs that differ by so many of their own deviations, and
// counts in how many runs that is told. The draws are the same each time.
func TestTheTimeOfAnAnswerTellsWhatItShould(t *testing.T) {
	t.Parallel()
	const runs, deviation, answer = 1000, 20 * time.Microsecond, 150 * time.Microsecond
	for name, c := range map[string]struct {
		shift       float64
		least, most int
	}{
		"no difference":    {0, 0, 0},
		"half a deviation": {0.5, runs * 99 / 100, runs},
		"a whole one":      {1, runs, runs},
	} {
		draw := rand.New(rand.NewPCG(1, 2))
		told := 0
		for range runs {
			differences := make([]time.Duration, timingPairs)
			for i := range differences {
				differences[i] = time.Duration((draw.NormFloat64() + c.shift) * float64(deviation))
			}
			timing := Timing{Never: answer, Difference: median(differences), Z: signedRank(differences)}
			if timing.tells() {
				told++
			}
		}
		if told < c.least || told > c.most {
			t.Errorf("%s: told in %d of %d runs", name, told, runs)
		}
	}
}

// TestTheRanksAreNormalWhereNothingDiffers holds the spread of the statistic to what the error rate is computed from.
func TestTheRanksAreNormalWhereNothingDiffers(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(3, 4))
	const runs = 4000
	sum, squares, beyond := 0.0, 0.0, 0
	for range runs {
		differences := make([]time.Duration, timingPairs)
		for i := range differences {
			one, other := draw.ExpFloat64(), draw.ExpFloat64()
			differences[i] = time.Duration((one - other) * float64(time.Millisecond))
		}
		z := signedRank(differences)
		sum, squares = sum+z, squares+z*z
		if math.Abs(z) > 1.96 {
			beyond++
		}
	}
	mean, spread, share := sum/runs, math.Sqrt(squares/runs), float64(beyond)/runs
	if math.Abs(mean) > 0.06 || math.Abs(spread-1) > 0.05 || math.Abs(share-0.05) > 0.015 {
		t.Errorf("mean %.3f, deviation %.3f, %.3f beyond 1.96: want 0, 1 and 0.05", mean, spread, share)
	}
}

package dev.twofold.inspection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Trials are measured on windows that nothing of them was fitted to. */
final class CalibrationTextTest {

    private static final int LENGTH = 10;

    @Test
    void a_smaller_text_has_no_window_of_those_that_are_held_out_of_the_larger() {
        CalibrationText text = text(64, 8);
        CalibrationText smaller = text.spaced(240);
        assertThat(starts(smaller.windows())).hasSize(24).doesNotContainAnyElementsOf(starts(text.check()));
    }

    @Test
    void a_smaller_text_holds_one_window_of_eight_out() {
        CalibrationText smaller = text(64, 8).spaced(240);
        assertThat(smaller.heldOut()).isEqualTo(3);
        assertThat(starts(smaller.check())).isSubsetOf(starts(text(64, 8).windows()));
    }

    @Test
    void windows_are_from_all_over_the_text() {
        assertThat(starts(text(64, 8).spaced(40).windows())).containsExactly(0, 140, 280, 420);
    }

    @Test
    void two_windows_are_too_few() {
        CalibrationText text = text(2, 1);
        assertThatThrownBy(() -> text.spaced(10))
                .isInstanceOf(TwofoldException.class)
                .hasMessageContaining("--calibration-tokens");
    }

    /** Windows that begin with the number of their place; the last ones are held out. */
    private static CalibrationText text(int windows, int heldOut) {
        List<int[]> inputs = IntStream.range(0, windows)
                .mapToObj(window -> IntStream.range(0, LENGTH)
                        .map(token -> window * LENGTH + token)
                        .toArray())
                .toList();
        return new CalibrationText(new TextWindows(inputs, inputs, Optional.empty()), heldOut);
    }

    private static List<Integer> starts(TextWindows windows) {
        return windows.inputs().stream().map(window -> window[0]).toList();
    }
}

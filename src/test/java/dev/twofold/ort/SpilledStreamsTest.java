package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.twofold.execution.HiddenStates;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SpilledStreamsTest {

    private final SpilledStreams streams = SpilledStreams.create();

    @AfterEach
    void close() {
        streams.close();
    }

    private static HiddenStates states(float... values) {
        return new HiddenStates(List.of(values, new float[] {-values[0], Float.MIN_VALUE}), 2);
    }

    private void assertKept(int number, float... values) {
        HiddenStates kept = streams.get(number);
        assertThat(kept.hidden()).isEqualTo(2);
        assertThat(kept.windows()).hasSize(2);
        assertThat(kept.windows().get(0)).containsExactly(values);
        assertThat(kept.windows().get(1)).containsExactly(-values[0], Float.MIN_VALUE);
        assertThat(streams.window(number, 0)).containsExactly(values);
    }

    @Test
    void what_is_put_comes_back() {
        streams.put(7, states(1, 2, 3, 4));
        streams.put(3, states(5, 6));
        assertKept(7, 1, 2, 3, 4);
        assertKept(3, 5, 6);
    }

    @Test
    void a_number_that_is_put_again_holds_the_later_stream_and_others_keep_theirs() {
        streams.put(0, states(1, 2, 3, 4));
        streams.put(1, states(5, 6, 7, 8));
        streams.put(0, states(9, 10, 11, 12));
        assertKept(0, 9, 10, 11, 12);
        assertKept(1, 5, 6, 7, 8);
    }

    @Test
    void windows_keep_their_lengths() {
        streams.put(0, states(1, 2, 3, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> streams.put(0, states(1, 2)));
        assertKept(0, 1, 2, 3, 4);
    }

    @Test
    void a_number_that_was_never_put_is_refused() {
        assertThatIllegalArgumentException().isThrownBy(() -> streams.get(1));
        assertThatIllegalArgumentException().isThrownBy(() -> streams.window(1, 0));
    }
}

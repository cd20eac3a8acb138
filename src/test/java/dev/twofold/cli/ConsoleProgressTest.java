package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.diag.Progress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ConsoleProgressTest {

    private final StringWriter err = new StringWriter();
    private final AtomicLong nanos = new AtomicLong(-7);

    private ConsoleProgress bar() {
        return new ConsoleProgress(new PrintWriter(err), true, nanos::get);
    }

    private ConsoleProgress lines() {
        return new ConsoleProgress(new PrintWriter(err), false, nanos::get);
    }

    private void wait(int millis) {
        nanos.addAndGet(millis * 1_000_000L);
    }

    /** What was printed since the last call. */
    private String printed() {
        String text = err.toString();
        err.getBuffer().setLength(0);
        return text;
    }

    @Test
    void a_bar_shows_how_much_is_done_and_left() {
        ConsoleProgress bar = bar();
        bar.begin("costs", 4, Progress.Unit.PLANS);
        wait(3_000);
        bar.advance(1);
        assertThat(printed()).isEqualTo("\rcosts [" + "#".repeat(7) + ".".repeat(23) + "] 25% of 4 plans, 9 s left ");
    }

    @Test
    void a_bar_is_drawn_ten_times_a_second_at_most() {
        ConsoleProgress bar = bar();
        bar.begin("costs", 100, Progress.Unit.PLANS);
        wait(99);
        bar.advance(1);
        assertThat(printed()).isEmpty();
        wait(1);
        bar.advance(1);
        assertThat(printed()).contains("2% of 100 plans");
        wait(99);
        bar.advance(1);
        assertThat(printed()).isEmpty();
    }

    @Test
    void a_line_is_printed_every_ten_seconds_at_most() {
        ConsoleProgress lines = lines();
        lines.begin("weights", 4_000_000, Progress.Unit.BYTES);
        wait(9_999);
        lines.advance(1_000_000);
        assertThat(printed()).isEmpty();
        wait(1);
        lines.advance(1_000_000);
        assertThat(printed()).isEqualTo("weights: 50% of 4.0 MB, 10 s left" + System.lineSeparator());
    }

    @Test
    void a_bar_stays_whole_when_more_is_done_than_was_announced() {
        ConsoleProgress bar = bar();
        bar.begin("costs", 4, Progress.Unit.PLANS);
        wait(100);
        bar.advance(5);
        assertThat(printed()).isEqualTo("\rcosts [" + "#".repeat(30) + "] 100% of 4 plans ");
    }

    @Test
    void the_end_takes_the_place_of_the_bar_and_says_how_long_it_took() {
        ConsoleProgress bar = bar();
        bar.begin("costs", 4, Progress.Unit.PLANS);
        wait(1_240);
        bar.end();
        assertThat(printed()).isEqualTo("\r\u001B[Kcosts: 4 plans in 1.2 s" + System.lineSeparator());
        bar.end();
        wait(1_000);
        bar.advance(1);
        assertThat(printed()).isEmpty();
    }

    @Test
    void a_task_ends_the_one_before_and_begins_anew() {
        ConsoleProgress lines = lines();
        lines.begin("one", 2, Progress.Unit.STEPS);
        lines.advance(2);
        wait(10_000);
        lines.begin("two", 4, Progress.Unit.STEPS);
        wait(10_000);
        lines.advance(1);
        assertThat(printed().lines()).containsExactly("one: 2 steps in 10.0 s", "two: 25% of 4 steps, 30 s left");
    }

    @Test
    void nothing_to_do_is_done() {
        ConsoleProgress bar = bar();
        bar.begin("choosing plans", 0, Progress.Unit.DEPTHS);
        wait(150);
        bar.advance(1);
        bar.end();
        assertThat(printed()).contains("choosing plans: 0 depths in 0.2 s");
    }
}

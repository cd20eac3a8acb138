package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.diag.Progress;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class ConsoleProgressTest {

    private final StringWriter err = new StringWriter();
    private final ConsoleProgress progress = new ConsoleProgress(new PrintWriter(err), true);

    /** Longer than a bar stands still. */
    private static void wait(int millis) throws InterruptedException {
        Thread.sleep(millis);
    }

    @Test
    void a_bar_shows_how_much_is_done_and_left() throws InterruptedException {
        progress.begin("costs", 4, Progress.Unit.PLANS);
        wait(150);
        progress.advance(2);
        assertThat(err.toString())
                .contains("costs [" + "#".repeat(15) + ".".repeat(15) + "] 50% of 4 plans")
                .contains("s left");
    }

    @Test
    void a_bar_stays_whole_when_more_is_done_than_was_announced() throws InterruptedException {
        progress.begin("costs", 4, Progress.Unit.PLANS);
        wait(150);
        progress.advance(5);
        assertThat(err.toString()).contains("[" + "#".repeat(30) + "] 100% of 4 plans");
    }

    @Test
    void nothing_to_do_is_done() throws InterruptedException {
        progress.begin("choosing plans", 0, Progress.Unit.DEPTHS);
        wait(150);
        progress.advance(1);
        progress.end();
        assertThat(err.toString()).contains("choosing plans: 0 depths in");
    }
}

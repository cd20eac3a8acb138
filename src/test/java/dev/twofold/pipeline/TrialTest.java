package dev.twofold.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Work beside the writing is heard of when the writing is done. */
final class TrialTest {

    private final List<String> heard = new ArrayList<>();
    private final Host host = Host.SILENT.with(heard::add).with(new Progress() {
        @Override
        public void begin(String task, long total, Unit unit) {
            heard.add(task + " " + total);
        }

        @Override
        public void advance(long amount) {
            heard.add("+" + amount);
        }

        @Override
        public void end() {
            heard.add("end");
        }
    });

    @Test
    void nothing_is_heard_before_the_end_and_notices_then() {
        CountDownLatch done = new CountDownLatch(1);
        try (Trial trial = new Trial(host, own -> {
            own.progress().begin("looking", 3, Progress.Unit.STEPS);
            own.progress().advance(3);
            own.progress().end();
            own.notice("seen");
            done.countDown();
        })) {
            await(done);
            assertThat(heard).isEmpty();
            trial.finish();
            assertThat(heard).containsSubsequence("seen");
        }
    }

    @Test
    void what_is_left_to_do_is_shown_from_where_it_is() {
        LateProgress late = new LateProgress();
        late.begin("looking", 3, Progress.Unit.STEPS);
        late.advance(2);
        late.tell(host.progress());
        late.advance(1);
        late.end();
        assertThat(heard).containsExactly("looking 3", "+2", "+1", "end");
    }

    @Test
    void a_failure_of_the_work_is_that_of_the_end_and_notices_come_with_it() {
        try (Trial trial = new Trial(host, own -> {
            own.notice("tried on tokens that are no text");
            throw TwofoldException.input("an activation overflows fp16");
        })) {
            assertThatThrownBy(trial::finish)
                    .isInstanceOf(TwofoldException.class)
                    .hasMessageContaining("an activation overflows fp16");
            assertThat(heard).containsExactly("tried on tokens that are no text");
        }
    }

    @Test
    void work_that_nobody_waits_for_any_more_is_stopped() {
        AtomicBoolean stopped = new AtomicBoolean();
        CountDownLatch started = new CountDownLatch(1);
        Trial trial = new Trial(host, own -> {
            started.countDown();
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            stopped.set(true);
        });
        await(started);
        trial.close();
        assertThat(stopped).isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

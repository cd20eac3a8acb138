package dev.twofold.inspection;

import dev.twofold.diag.Progress;
import dev.twofold.ort.Provider;
import java.util.function.Consumer;

/**
 * Where the work is done, and who hears of it.
 *
 * @param provider that models are run on
 * @param device which of its devices
 * @param notices hears what people should know
 */
public record Host(Provider provider, int device, Progress progress, Consumer<String> notices) {

    /** The CPU, and nobody listens. */
    public static final Host SILENT = new Host(Provider.CPU, 0, Progress.SILENT, notice -> {});

    public Host with(Provider other) {
        return new Host(other, device, progress, notices);
    }

    public Host with(Progress other) {
        return new Host(provider, device, other, notices);
    }

    public Host with(Consumer<String> others) {
        return new Host(provider, device, progress, others);
    }

    public void notice(String text) {
        notices.accept(text);
    }
}

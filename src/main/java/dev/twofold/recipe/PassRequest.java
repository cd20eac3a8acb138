package dev.twofold.recipe;

import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.pass.PassSpec;
import java.util.Optional;

/**
 * A pass that someone asked for.
 *
 * @param origin where it was asked for: a file and line, or an option of the command line
 * @param blame whether a mistake in it is the file's or the command line's
 */
public record PassRequest<O extends Record>(PassSpec<O> spec, O options, String origin, Kind blame) {

    /** A request that Twofold makes itself. */
    public static <O extends Record> PassRequest<O> own(PassSpec<O> spec, O options) {
        return new PassRequest<>(spec, options, "twofold", Kind.INPUT);
    }

    /** A request of the command line, without options yet. */
    public static <O extends Record> PassRequest<O> bare(PassSpec<O> spec, String flag) {
        return new PassRequest<>(spec, PassOptions.none(spec), flag, Kind.USAGE);
    }

    public String name() {
        return spec.name();
    }

    /** Whether it names its pass and says nothing else. */
    public boolean isBare() {
        return options.equals(PassOptions.none(spec));
    }

    /** The same pass with other options, which came from the command line. */
    public PassRequest<O> with(O others, String flag) {
        return new PassRequest<>(spec, others, flag, Kind.USAGE);
    }

    /** The same pass with other options, which follow from what was asked for. */
    public PassRequest<O> with(O others) {
        return new PassRequest<>(spec, others, origin, blame);
    }

    /** The same request, made elsewhere. */
    public PassRequest<O> from(String place, Kind guilty) {
        return new PassRequest<>(spec, options, place, guilty);
    }

    /** This request, if it is for such a pass. */
    @SuppressWarnings("unchecked") // equal specs have one type of options
    public <P extends Record> Optional<PassRequest<P>> as(PassSpec<P> wanted) {
        return spec.equals(wanted) ? Optional.of((PassRequest<P>) this) : Optional.empty();
    }
}

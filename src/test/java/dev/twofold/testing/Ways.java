package dev.twofold.testing;

import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Every way to emit a model; a new dialect or layout is tested as soon as it has a name. */
public final class Ways {

    private Ways() {}

    /** Pairs of dialect and KV layout. */
    public static Stream<Arguments> all() {
        return Arrays.stream(DialectName.values())
                .flatMap(dialect -> Arrays.stream(KvLayout.values()).map(layout -> Arguments.of(dialect, layout)));
    }
}

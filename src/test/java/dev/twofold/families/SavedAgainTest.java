package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.LongRopeScaling;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.source.SourceOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configurations as other tools write them for families that have keys of their own. */
final class SavedAgainTest {

    @TempDir
    private Path directory;

    private EditedFamily copy(String name) {
        return EditedFamily.copy(name, directory.resolve(name));
    }

    private static Source open(EditedFamily family, ObjectNode config, RopeRange range) {
        return Sources.SHIPPED.open(
                family.withConfig(config).directory(), new SourceOptions(Optional.empty(), Set.of(), range));
    }

    private static Rotary rotary(EditedFamily family, ObjectNode config, RopeRange range) {
        Decoder decoder = open(family, config, range).decoder();
        return decoder.rotaries().get(0);
    }

    /** What the publisher's own class writes beside {@code rotary_dim}. */
    @Test
    void minimax_says_by_a_share_too_how_much_of_a_head_turns() {
        EditedFamily family = copy("minimax_m2");
        ObjectNode config = family.config();
        assertThat(rotary(family, config, RopeRange.SHORT).width()).isEqualTo(16);
        config.put("partial_rotary_factor", 0.5);
        assertThat(rotary(family, config, RopeRange.SHORT).width()).isEqualTo(16);
        config.remove("rotary_dim");
        config.put("partial_rotary_factor", 0.25);
        assertThat(rotary(family, config, RopeRange.SHORT).width()).isEqualTo(8);
    }

    @Test
    void phi_3_5_moe_has_a_number_for_each_range() {
        EditedFamily family = copy("phimoe");
        LongRopeScaling brief = (LongRopeScaling)
                rotary(family, family.config(), RopeRange.SHORT).scaling();
        assertThat(brief.magnitude()).isEqualTo(1.125);
        assertThat(brief.factors().get(1)).isEqualTo(1.125);
        LongRopeScaling wide = (LongRopeScaling)
                rotary(family, family.config(), RopeRange.LONG).scaling();
        assertThat(wide.magnitude()).isEqualTo(1.25);
        assertThat(wide.factors().get(1)).isEqualTo(2.0);
    }

    @Test
    void what_quantized_an_mpt_is_not_called_unread() {
        EditedFamily family = copy("mpt");
        ObjectNode config = family.config();
        config.putObject("quantization_config").put("quant_method", "fp8");
        assertThat(open(family, config, RopeRange.SHORT).notes()).noneMatch(note -> note.contains("no class of"));
    }
}

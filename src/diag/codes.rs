//! The table of codes. A code without a page in `docs/errors/` does not compile.

use std::fmt;

use super::Severity;

macro_rules! codes {
    ($($code:ident $severity:ident $title:literal)*) => {
        /// A kind of mistake. `E01xx` syntax, `E02xx` names, `E03xx` shapes, `E04xx` arguments,
        /// `E05xx` weights, `E06xx` data given to a run, `W01xx` what is left over or left open,
        /// `W02xx` networks that seldom do what was meant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $code,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// The code as written: `E0301`.
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code)),* }
            }

            /// The kind of mistake in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title),* }
            }

            /// Whether it is an error or a warning.
            pub fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity),* }
            }

            /// The page that explains it, in Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Code::$code => include_str!(concat!("../../docs/errors/", stringify!($code), ".md"))),*
                }
            }
        }
    };
}

codes! {
    E0101 Error "a line that is not a statement"
    E0102 Error "a bracket that is never closed"
    E0103 Error "a string that is never closed"
    E0104 Error "brackets nested too deep"
    E0105 Error "text that is not UTF-8"
    E0106 Error "a number written in another way"
    E0107 Error "an escape that strings do not have"
    E0108 Error "a layer written with a module's name"
    E0109 Error "parts of a statement in the wrong order"
    E0110 Error "a statement in the wrong place"
    E0111 Error "an expression that is too long"
    E0112 Error "a file that is too large"
    E0201 Error "an unknown layer"
    E0202 Error "an unknown value"
    E0203 Error "an unknown name in an expression"
    E0204 Error "a name defined twice"
    E0205 Error "a name that a layer already has"
    E0206 Error "no value to work on"
    E0207 Error "several inputs to choose from"
    E0208 Error "a result that the layer does not have"
    E0209 Error "a value used above its line"
    E0210 Error "an import that cannot be read"
    E0211 Error "imports in a circle"
    E0212 Error "an import of what is not there"
    E0213 Error "an import with the other layout"
    E0214 Error "blocks that use each other in a circle"
    E0215 Error "a reuse of what is no layer"
    E0216 Error "a dimension variable that data cannot bind"
    E0217 Error "a body without output or input"
    E0218 Error "a setting that the model does not have"
    E0219 Error "several results where one is needed"
    E0220 Error "a file without a model or a block"
    E0301 Error "sizes that differ"
    E0302 Error "the wrong number of axes"
    E0303 Error "a size that is too small"
    E0304 Error "a size that does not divide"
    E0305 Error "a shape other than the one stated"
    E0306 Error "an axis that is not there"
    E0307 Error "the wrong element type"
    E0308 Error "weights built for another input"
    E0309 Error "a reshape that changes how many elements there are"
    E0310 Error "a size beyond what can be computed"
    E0311 Error "a use that a block does not allow"
    E0312 Error "labels that do not fit the axis"
    E0313 Error "requirements that no size meets"
    E0401 Error "an unknown argument"
    E0402 Error "a missing argument"
    E0403 Error "an argument of the wrong kind"
    E0404 Error "an argument out of range"
    E0405 Error "an argument given twice, or one too many"
    E0406 Error "a positional argument after a named one"
    E0407 Error "the wrong number of inputs"
    E0408 Error "arithmetic that has no result"
    E0409 Error "an array that does not fit the parameter"
    E0410 Error "a repeat that cannot be unrolled"
    E0411 Error "a symbol where a number is needed"
    E0501 Error "a weight that is missing"
    E0502 Error "a weight of the wrong shape"
    E0503 Error "a weights file that cannot be read"
    E0504 Error "a weight of the wrong element type"
    E0505 Error "a weights map that cannot be read"
    E0601 Error "an input that was not given"
    E0602 Error "a name that the model does not have"
    E0603 Error "data of the wrong shape"
    E0604 Error "data of the wrong element type"
    E0605 Error "a file that cannot be read"
    E0606 Error "sizes that the model does not allow"
    E0607 Error "a model parameter that is not set"
    E0608 Error "a run that does not fit in memory"
    E0609 Error "a result that cannot be written so"
    W0101 Warning "a layer with parameters and no label"
    W0102 Warning "a result that nothing uses"
    W0103 Warning "a weights file that is not there"
    W0104 Warning "an equality that could not be decided"
    W0105 Warning "a name that nothing uses"
    W0106 Warning "weights that no layer takes"
    W0107 Warning "a line of a weights map that renames nothing"
    W0201 Warning "two linear layers that are one"
    W0202 Warning "a bias that a norm takes away"
    W0203 Warning "scores that are squashed before a softmax"
    W0204 Warning "an even kernel with `same` padding"
    W0205 Warning "rows or columns that no window sees"
    W0206 Warning "gaps between windows"
    W0207 Warning "a linear layer that holds most of the parameters"
    W0208 Warning "a dropout right before an output"
    W0209 Warning "two names for what seems one size"
    W0210 Warning "an average of places that see little of the picture"
    W0211 Warning "a convolution with another framework's order of numbers"
    W0212 Warning "a picture whose channels seem to come first"
}

impl Code {
    /// What the codes with the same first digits are about.
    pub fn family(self) -> &'static str {
        match &self.name()[..3] {
            "E01" => "Syntax",
            "E02" => "Names",
            "E03" => "Shapes",
            "E04" => "Arguments",
            "E05" => "Weights",
            "E06" => "Data given to a run",
            _ => "Lints",
        }
    }

    /// The code called `name`, in any case.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL
            .iter()
            .copied()
            .find(|code| code.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

"""Currencies: which codes there are, and how many decimals the minor unit of each has (ISO 4217).

Here: facts of the standard, and when a rate looks like a slip. Not here: exchange rates and the company's own currency (rows),
names, signs.
"""

from decimal import Decimal

_TWO_PLACES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
    "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR "
    "NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
    "TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
_NO_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND"

CURRENCY_PLACES: dict[str, int] = {
    code: places for codes, places in ((_TWO_PLACES, 2), (_NO_PLACES, 0), (_THREE_PLACES, 3)) for code in codes.split()
}

FAR_OFF = 100  # times: no currency moves so much from one rate to the next


def is_far_off(rate: Decimal, known: Decimal) -> bool:
    """Whether a rate differs so much from the one known so far that the decimal point may have slipped. It may be right all the
    same: people are asked, nothing is refused."""
    return rate > 0 and not known / FAR_OFF < rate < known * FAR_OFF
